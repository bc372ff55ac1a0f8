// How requests come in, and what pods may talk to.
#include <fmt/format.h>

#include "deploy/kubernetes/objects.h"

namespace sixfold::deploy::kubernetes {
namespace {

constexpr std::uint64_t kServicePort = 80;
// A streamed answer may take minutes; the defaults of most gateways cut it after one.
constexpr std::uint64_t kTimeoutSeconds = 600;

json::object backend(Parameters& parameters, Track track) {
  return {{"service", {{"name", parameters.name(suffix_of(track))}, {"port", {{"name", kHttp}}}}}};
}

}  // namespace

json::object service(const Settings& settings, Parameters& parameters, Track track) {
  json::object meta = metadata(settings, parameters, track);
  // By which a monitor finds each version once.
  json::object& labels = meta["labels"].get_object();
  labels["sixfold.dev/track"] = track_labels(parameters, track)["sixfold.dev/track"];
  // Without a gateway that weighs, the stable service leads to both versions, by the number of their pods.
  const bool mixes = track == Track::kStable && settings.canary && !settings.route && !settings.ingress;
  return {{"apiVersion", "v1"},
          {"kind", "Service"},
          {"metadata", std::move(meta)},
          {"spec",
           {{"selector", mixes ? selector_labels(parameters) : track_labels(parameters, track)},
            {"ports",
             json::array{{{"name", kHttp}, {"port", kServicePort}, {"targetPort", kHttp}, {"appProtocol", "http"}}}}}}};
}

json::object network_policy(const Settings& settings, Parameters& parameters) {
  json::object spec = {{"podSelector", {{"matchLabels", selector_labels(parameters)}}}};
  spec["policyTypes"] = json::array{"Ingress", "Egress"};
  spec["ingress"] = json::array{{{"ports", json::array{{{"port", kHttp}, {"protocol", "TCP"}}}}}};
  json::array egress;
  if (settings.pulls) {
    // Names, and where models come from.
    const auto allow = [&](std::uint64_t port, std::string_view protocol) {
      json::array ports;
      ports.push_back(json::object{{"port", port}, {"protocol", protocol}});
      json::object rule;
      rule["ports"] = std::move(ports);
      egress.push_back(std::move(rule));
    };
    allow(53, "UDP");
    allow(53, "TCP");
    allow(443, "TCP");
  }
  spec["egress"] = std::move(egress);  // none: a model server calls nobody
  return {{"apiVersion", "networking.k8s.io/v1"},
          {"kind", "NetworkPolicy"},
          {"metadata", metadata(settings, parameters)},
          {"spec", std::move(spec)}};
}

// nginx' annotations: other controllers ignore them.  Source: ingress-nginx, "Annotations".
json::object ingress(const Settings& settings, Parameters& parameters, Track track) {
  const Entry& entry = *settings.ingress;
  const std::string timeout = std::to_string(kTimeoutSeconds);
  json::object meta = metadata(settings, parameters, track);
  json::object annotations = {{"nginx.ingress.kubernetes.io/proxy-buffering", "off"},
                              {"nginx.ingress.kubernetes.io/proxy-body-size", "8m"},
                              {"nginx.ingress.kubernetes.io/proxy-read-timeout", timeout},
                              {"nginx.ingress.kubernetes.io/proxy-send-timeout", timeout}};
  if (track == Track::kCanary) {
    annotations["nginx.ingress.kubernetes.io/canary"] = "true";
    annotations["nginx.ingress.kubernetes.io/canary-weight"] =
        parameters.count_as_text("canary.weight", settings.canary->percent, {0, 100});
  }
  meta["annotations"] = std::move(annotations);
  json::object spec;
  if (!entry.ingress_class.empty()) spec["ingressClassName"] = parameters.text("ingress.class", entry.ingress_class);
  const json::value host = parameters.text("ingress.host", entry.host);
  if (!entry.tls_secret.empty()) {
    spec["tls"] = json::array{
        {{"hosts", json::array{host}}, {"secretName", parameters.text("ingress.tlsSecret", entry.tls_secret)}}};
  }
  json::object path = {{"path", parameters.text("ingress.path", entry.path)},
                       {"pathType", "Prefix"},
                       {"backend", backend(parameters, track)}};
  spec["rules"] = json::array{{{"host", host}, {"http", {{"paths", json::array{std::move(path)}}}}}};
  return {{"apiVersion", "networking.k8s.io/v1"},
          {"kind", "Ingress"},
          {"metadata", std::move(meta)},
          {"spec", std::move(spec)}};
}

json::object http_route(const Settings& settings, Parameters& parameters) {
  const Entry& entry = *settings.route;
  json::object parent = {{"name", parameters.text("route.gateway", entry.gateway)}};
  if (!entry.gateway_namespace.empty()) {
    parent["namespace"] = parameters.text("route.gatewayNamespace", entry.gateway_namespace);
  }
  json::array backends;
  if (settings.has_pool) {
    backends.push_back(
        {{"group", "inference.networking.k8s.io"}, {"kind", "InferencePool"}, {"name", parameters.name()}});
  } else {
    json::object stable = {{"name", parameters.name()}, {"port", kServicePort}};
    if (settings.canary) {
      stable["weight"] = parameters.computed(100 - settings.canary->percent, "sub 100 (int .Values.canary.weight)");
      backends.push_back(std::move(stable));
      backends.push_back({{"name", parameters.name("-canary")},
                          {"port", kServicePort},
                          {"weight", parameters.count("canary.weight", settings.canary->percent, {0, 100})}});
    } else {
      backends.push_back(std::move(stable));
    }
  }
  const std::string timeout = fmt::format("{}s", kTimeoutSeconds);
  json::object spec = {{"parentRefs", json::array{std::move(parent)}}};
  if (!entry.host.empty()) spec["hostnames"] = json::array{parameters.text("route.host", entry.host)};
  json::object match = {{"path", {{"type", "PathPrefix"}, {"value", parameters.text("route.path", entry.path)}}}};
  spec["rules"] = json::array{{{"matches", json::array{std::move(match)}},
                               {"timeouts", {{"request", timeout}, {"backendRequest", timeout}}},
                               {"backendRefs", std::move(backends)}}};
  return {{"apiVersion", "gateway.networking.k8s.io/v1"},
          {"kind", "HTTPRoute"},
          {"metadata", metadata(settings, parameters)},
          {"spec", std::move(spec)}};
}

// /metrics has the gauges that pickers ask for, under vLLM's names too.  Source: Gateway API Inference Extension, v1.
json::object inference_pool(const Settings& settings, Parameters& parameters) {
  json::object spec = {{"selector", {{"matchLabels", selector_labels(parameters)}}},
                       {"targetPorts", json::array{{{"number", kPort}}}}};
  if (!settings.endpoint_picker.empty()) {
    spec["endpointPickerRef"] = json::object{{"name", parameters.text("pool.endpointPicker", settings.endpoint_picker)},
                                             {"port", {{"number", 9002}}},
                                             {"failureMode", "FailOpen"}};
  }
  return {{"apiVersion", "inference.networking.k8s.io/v1"},
          {"kind", "InferencePool"},
          {"metadata", metadata(settings, parameters)},
          {"spec", std::move(spec)}};
}

}  // namespace sixfold::deploy::kubernetes
