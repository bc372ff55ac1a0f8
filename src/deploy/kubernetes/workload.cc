// Who runs: a deployment whose pods pass the restricted profile of Pod Security, and lose no request when they go.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "deploy/kubernetes/objects.h"

namespace sixfold::deploy::kubernetes {
namespace {

constexpr std::uint64_t kUser = 65532;  // the image's user, who is nobody
// Endpoints learn of a pod's end only after it began: until then, requests still come.
constexpr std::uint64_t kPreStopSeconds = 10;
constexpr std::uint64_t kSpareSeconds = 10;    // between the last answer and the end of the grace period
constexpr std::uint64_t kStartSeconds = 1800;  // that pulling and loading a model may take

json::object container_security() {
  return {{"allowPrivilegeEscalation", false},
          {"readOnlyRootFilesystem", true},
          {"capabilities", {{"drop", json::array{"ALL"}}}}};
}

json::object probe(std::string_view path, std::uint64_t period, std::uint64_t timeout, std::uint64_t failures) {
  return {{"httpGet", {{"path", path}, {"port", kHttp}}},
          {"periodSeconds", period},
          {"timeoutSeconds", timeout},
          {"failureThreshold", failures}};
}

json::array environment(const Settings& settings, Parameters& parameters) {
  // All that the program may write lies in folders of the pod.
  std::map<std::string, json::value> all = {{"HOME", "/tmp"}, {"XDG_CACHE_HOME", "/cache"}};
  if (settings.model.kind == ModelSource::Kind::kPull) {
    all["SIXFOLD_HOME"] = kModels;
    all["HF_HOME"] = fmt::format("{}/huggingface", kModels);
  }
  for (const auto& [name, value] : settings.environment) all[name] = parameters.any_text("env." + name, value);
  json::array list;
  for (const auto& [name, value] : all) list.push_back({{"name", name}, {"value", value}});
  return list;
}

bool has_model_volume(const Settings& settings) {
  return settings.model.kind != ModelSource::Kind::kInImage;
}

json::array mounts(const Settings& settings, bool writes_model) {
  json::array list = {{{"name", "tmp"}, {"mountPath", "/tmp"}}, {{"name", "cache"}, {"mountPath", "/cache"}}};
  if (has_model_volume(settings)) {
    json::object mount = {{"name", "models"}, {"mountPath", kModels}};
    if (!writes_model) mount["readOnly"] = true;
    list.push_back(std::move(mount));
  }
  return list;
}

json::array volumes(const Settings& settings, Parameters& parameters) {
  json::array list = {{{"name", "tmp"}, {"emptyDir", {{"sizeLimit", "1Gi"}}}},
                      // Packed weights are as large as the model, and are made again when a pod is.
                      {{"name", "cache"}, {"emptyDir", {{"sizeLimit", parameters.quantity("cacheSize", "20Gi")}}}}};
  json::object model = {{"name", "models"}};
  const ModelSource& source = settings.model;
  switch (source.kind) {
    case ModelSource::Kind::kInImage:
      return list;
    case ModelSource::Kind::kPull:
      model["emptyDir"] = json::object{{"sizeLimit", parameters.quantity("model.size", source.size_limit)}};
      break;
    case ModelSource::Kind::kClaim:
      model["persistentVolumeClaim"] =
          json::object{{"claimName", parameters.text("model.claim", source.reference)}, {"readOnly", true}};
      break;
    case ModelSource::Kind::kImageVolume:
      model["image"] =
          json::object{{"reference", parameters.text("model.image", source.reference)}, {"pullPolicy", "IfNotPresent"}};
      break;
  }
  list.push_back(std::move(model));
  return list;
}

json::value image_of(const Settings& settings, Parameters& parameters, Track track) {
  return track == Track::kStable ? parameters.text("image", settings.image)
                                 : parameters.text("canary.image", settings.canary->image);
}

void set_pull_policy(const Settings& settings, json::object& container) {
  if (!settings.pull_policy.empty()) container["imagePullPolicy"] = settings.pull_policy;
}

json::object puller(const Settings& settings, Parameters& parameters, Track track) {
  json::object container = {{"name", "pull-model"}, {"image", image_of(settings, parameters, track)}};
  set_pull_policy(settings, container);
  container["args"] = json::array{"pull", parameters.text("model.source", settings.model.reference)};
  container["env"] = environment(settings, parameters);
  if (!settings.model.secret.empty()) {
    container["envFrom"] =
        json::array{{{"secretRef", {{"name", parameters.text("model.secret", settings.model.secret)}}}}};
  }
  container["securityContext"] = container_security();
  container["resources"] =
      json::object{{"requests", {{"cpu", "500m"}, {"memory", "256Mi"}}}, {"limits", {{"memory", "1Gi"}}}};
  container["volumeMounts"] = mounts(settings, true);
  return container;
}

// What a chart's user chooses leaves out the model that is pulled: the init container's and the server's are one.
json::value arguments_of(const Settings& settings, Parameters& parameters) {
  json::array all(settings.arguments.begin(), settings.arguments.end());
  all.push_back("--drain-timeout");
  all.push_back(json::value(std::to_string(settings.drain_seconds)));
  if (settings.model.kind != ModelSource::Kind::kPull) return parameters.texts("args", std::move(all));
  parameters.texts("args", json::array(all.begin() + 2, all.end()));
  return parameters.computed(std::move(all), "toYaml (concat (list \"serve\" .Values.model.source) .Values.args)");
}

json::object server(const Settings& settings, Parameters& parameters, Track track) {
  const json::value memory = parameters.quantity("resources.memory", settings.resources.memory);
  json::object container = {{"name", "server"}, {"image", image_of(settings, parameters, track)}};
  set_pull_policy(settings, container);
  container["args"] = arguments_of(settings, parameters);
  container["env"] = environment(settings, parameters);
  container["ports"] = json::array{{{"name", kHttp}, {"containerPort", kPort}}};
  container["securityContext"] = container_security();
  // No limit of CPU: it would stop all threads for the rest of each tenth of a second in the middle of a token.
  container["resources"] = json::object{
      {"requests", {{"cpu", parameters.quantity("resources.cpu", settings.resources.cpu)}, {"memory", memory}}},
      {"limits", {{"memory", memory}}}};
  container["startupProbe"] = probe("/livez", 5, 2, kStartSeconds / 5);
  container["livenessProbe"] = probe("/livez", 10, 3, 3);
  container["readinessProbe"] = probe("/readyz", 5, 2, 2);
  container["lifecycle"] = json::object{{"preStop", {{"sleep", {{"seconds", kPreStopSeconds}}}}}};
  container["volumeMounts"] = mounts(settings, false);
  return container;
}

json::object pod_spec(const Settings& settings, Parameters& parameters, Track track) {
  json::object spec = {{"serviceAccountName", parameters.name()}, {"automountServiceAccountToken", false}};
  if (!settings.pull_secret.empty()) spec["imagePullSecrets"] = json::array{{{"name", settings.pull_secret}}};
  spec["terminationGracePeriodSeconds"] = kPreStopSeconds + settings.drain_seconds + kSpareSeconds;
  spec["securityContext"] = json::object{{"runAsNonRoot", true},
                                         {"runAsUser", kUser},
                                         {"runAsGroup", kUser},
                                         {"fsGroup", kUser},
                                         {"fsGroupChangePolicy", "OnRootMismatch"},
                                         {"seccompProfile", {{"type", "RuntimeDefault"}}}};
  if (settings.model.kind == ModelSource::Kind::kPull) {
    spec["initContainers"] = json::array{puller(settings, parameters, track)};
  }
  spec["containers"] = json::array{server(settings, parameters, track)};
  spec["volumes"] = volumes(settings, parameters);
  const auto spread = [&](std::string_view key) {
    return json::object{{"maxSkew", 1},
                        {"topologyKey", key},
                        {"whenUnsatisfiable", "ScheduleAnyway"},
                        {"labelSelector", {{"matchLabels", track_labels(parameters, track)}}}};
  };
  spec["topologySpreadConstraints"] =
      json::array{spread("topology.kubernetes.io/zone"), spread("kubernetes.io/hostname")};
  return spec;
}

}  // namespace

json::object service_account(const Settings& settings, Parameters& parameters) {
  return {{"apiVersion", "v1"},
          {"kind", "ServiceAccount"},
          {"metadata", metadata(settings, parameters)},
          {"automountServiceAccountToken", false}};
}

json::object deployment(const Settings& settings, Parameters& parameters, Track track) {
  const bool is_canary = track == Track::kCanary;
  json::object spec;
  // Who scales owns the number.
  if (is_canary) {
    spec["replicas"] = parameters.count("canary.replicas", settings.canary->replicas, {0, kPodsMax});
  } else if (!settings.scaling) {
    spec["replicas"] = parameters.count("replicas", settings.replicas, {0, kPodsMax});
  } else if (auto replicas =
                 parameters.count_without("scaling.enabled", "replicas", settings.replicas, {0, kPodsMax})) {
    spec["replicas"] = *std::move(replicas);
  }
  spec["revisionHistoryLimit"] = 5;
  spec["progressDeadlineSeconds"] = kStartSeconds + 60;
  // A new pod answers before an old one goes.
  spec["strategy"] =
      json::object{{"type", "RollingUpdate"}, {"rollingUpdate", {{"maxSurge", 1}, {"maxUnavailable", 0}}}};
  spec["selector"] = json::object{{"matchLabels", track_labels(parameters, track)}};
  json::object labels = all_labels(settings, parameters, track);
  for (const auto& label : track_labels(parameters, track)) labels[label.key()] = label.value();
  spec["template"] =
      json::object{{"metadata", {{"labels", std::move(labels)}}}, {"spec", pod_spec(settings, parameters, track)}};
  return {{"apiVersion", "apps/v1"},
          {"kind", "Deployment"},
          {"metadata", metadata(settings, parameters, track)},
          {"spec", std::move(spec)}};
}

}  // namespace sixfold::deploy::kubernetes
