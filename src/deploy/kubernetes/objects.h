// The objects that run a model on Kubernetes, as JSON values; nothing here reads or writes anything.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "deploy/kubernetes/parameter.h"
#include "deploy/kubernetes/settings.h"

namespace sixfold::deploy::kubernetes {

inline constexpr std::uint64_t kPort = 8080;
inline constexpr std::string_view kHttp = "http";  // the port's name, for probes, services and monitors
inline constexpr std::string_view kModels = "/models";

// Which of two versions runs beside one another.
enum class Track { kStable, kCanary };

// Labels that never change, by which services and policies find pods; and all labels.
json::object selector_labels(Parameters& parameters);
json::object track_labels(Parameters& parameters, Track track);
json::object all_labels(const Settings& settings, Parameters& parameters, Track track = Track::kStable);

// Of the names of its objects: "" or "-canary".
std::string_view suffix_of(Track track);

// {"name", "namespace"?, "labels"}
json::object metadata(const Settings& settings, Parameters& parameters, Track track = Track::kStable);

// workload.cc.  Source: Kubernetes, "Pod Security Standards", the restricted profile.
json::object service_account(const Settings& settings, Parameters& parameters);
json::object deployment(const Settings& settings, Parameters& parameters, Track track);

// scaling.cc
json::object disruption_budget(const Settings& settings, Parameters& parameters);
json::object autoscaler(const Settings& settings, Parameters& parameters);     // autoscaling/v2
json::object scaled_object(const Settings& settings, Parameters& parameters);  // KEDA

// traffic.cc
json::object service(const Settings& settings, Parameters& parameters, Track track);
json::object network_policy(const Settings& settings, Parameters& parameters);
json::object ingress(const Settings& settings, Parameters& parameters, Track track);
json::object http_route(const Settings& settings, Parameters& parameters);
json::object inference_pool(const Settings& settings, Parameters& parameters);

// monitoring.cc
json::object service_monitor(const Settings& settings, Parameters& parameters);
json::object prometheus_rule(const Settings& settings, Parameters& parameters);

// One object and the file that holds it.
struct Object {
  std::string file;  // "deployment.yaml"
  json::object document;
  // In a chart: the values that switch it, {"ingress.enabled"}, which must all be on; none: it is always there.
  std::vector<std::string> toggles = {};
  // In a chart: how it looks while "canary.enabled" is off, where that is different.
  std::optional<json::object> without_canary = std::nullopt;
};

// Those that the settings ask for, in the order in which they are applied.
std::vector<Object> objects_of(const Settings& settings, Parameters& parameters);

}  // namespace sixfold::deploy::kubernetes
