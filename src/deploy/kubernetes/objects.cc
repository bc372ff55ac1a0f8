// Labels, and which objects the settings ask for.
#include "deploy/kubernetes/objects.h"

#include <fmt/format.h>

#include <utility>

namespace sixfold::deploy::kubernetes {

json::object selector_labels(Parameters& parameters) {
  return {{"app.kubernetes.io/name", "sixfold"}, {"app.kubernetes.io/instance", parameters.name()}};
}

json::object track_labels(Parameters& parameters, Track track) {
  json::object labels = selector_labels(parameters);
  labels["sixfold.dev/track"] = track == Track::kStable ? "stable" : "canary";
  return labels;
}

json::object all_labels(const Settings& settings, Parameters& parameters, Track track) {
  json::object labels = selector_labels(parameters);
  labels["app.kubernetes.io/component"] = "model-server";
  const bool is_canary = track == Track::kCanary;
  const std::string& version = is_canary ? settings.canary->version : settings.version;
  if (!version.empty()) {
    labels["app.kubernetes.io/version"] = parameters.computed(
        json::value(version), fmt::format("include \"sixfold.version\" .Values.{}image", is_canary ? "canary." : ""));
  }
  labels["app.kubernetes.io/managed-by"] = parameters.computed("sixfold", ".Release.Service");
  return labels;
}

std::string_view suffix_of(Track track) {
  return track == Track::kStable ? "" : "-canary";
}

json::object metadata(const Settings& settings, Parameters& parameters, Track track) {
  json::object out = {{"name", parameters.name(suffix_of(track))}};
  if (!settings.space.empty()) out["namespace"] = settings.space;
  out["labels"] = all_labels(settings, parameters, track);
  return out;
}

std::vector<Object> objects_of(const Settings& settings, Parameters& parameters) {
  std::vector<Object> list;
  const auto add = [&](std::string_view file, json::object document, std::vector<std::string> toggles = {}) {
    list.push_back({std::string(file), std::move(document), std::move(toggles)});
  };
  add("serviceaccount.yaml", service_account(settings, parameters));
  if (settings.has_network_policy) {
    add("networkpolicy.yaml", network_policy(settings, parameters), {"networkPolicy.enabled"});
  }
  add("deployment.yaml", deployment(settings, parameters, Track::kStable));
  add("service.yaml", service(settings, parameters, Track::kStable));
  add("poddisruptionbudget.yaml", disruption_budget(settings, parameters));
  if (settings.canary) {
    add("deployment-canary.yaml", deployment(settings, parameters, Track::kCanary), {"canary.enabled"});
    add("service-canary.yaml", service(settings, parameters, Track::kCanary), {"canary.enabled"});
  }
  if (settings.scaling) {
    const bool is_keda = settings.scaling->by == Scaling::By::kKeda;
    add(is_keda ? "scaledobject.yaml" : "horizontalpodautoscaler.yaml",
        is_keda ? scaled_object(settings, parameters) : autoscaler(settings, parameters), {"scaling.enabled"});
  }
  if (settings.has_pool) add("inferencepool.yaml", inference_pool(settings, parameters));
  if (settings.ingress) {
    add("ingress.yaml", ingress(settings, parameters, Track::kStable), {"ingress.enabled"});
    if (settings.canary) {
      add("ingress-canary.yaml", ingress(settings, parameters, Track::kCanary), {"ingress.enabled", "canary.enabled"});
    }
  }
  if (settings.route) {
    add("httproute.yaml", http_route(settings, parameters), {"route.enabled"});
    if (settings.canary) {
      Settings alone = settings;
      alone.canary.reset();
      list.back().without_canary = http_route(alone, parameters);
    }
  }
  if (settings.has_monitor) {
    add("servicemonitor.yaml", service_monitor(settings, parameters), {"monitor.enabled"});
    add("prometheusrule.yaml", prometheus_rule(settings, parameters), {"monitor.enabled"});
  }
  return list;
}

}  // namespace sixfold::deploy::kubernetes
