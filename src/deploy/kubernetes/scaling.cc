// How many pods: what a load asks for, and how many may be missing at a time.
#include <fmt/format.h>

#include "deploy/kubernetes/objects.h"

namespace sixfold::deploy::kubernetes {
namespace {

// Up at once, down slowly: a pod that goes takes its remembered prefixes with it, and one that comes has to load.
json::object behavior() {
  return {{"scaleUp",
           {{"stabilizationWindowSeconds", 0},
            {"policies", json::array{{{"type", "Pods"}, {"value", 2}, {"periodSeconds", 60}}}},
            {"selectPolicy", "Max"}}},
          {"scaleDown",
           {{"stabilizationWindowSeconds", 600},
            {"policies", json::array{{{"type", "Percent"}, {"value", 25}, {"periodSeconds", 120}}}}}}};
}

json::object pods_metric(std::string_view metric, json::value average) {
  return {
      {"type", "Pods"},
      {"pods",
       {{"metric", {{"name", metric}}}, {"target", {{"type", "AverageValue"}, {"averageValue", std::move(average)}}}}}};
}

std::string quantity_of_percent(std::uint64_t percent) {
  return fmt::format("{}m", percent * 10);  // thousandths of the ratio
}

}  // namespace

json::object disruption_budget(const Settings& settings, Parameters& parameters) {
  // Not minAvailable: with one pod, nodes could then never be emptied.
  return {{"apiVersion", "policy/v1"},
          {"kind", "PodDisruptionBudget"},
          {"metadata", metadata(settings, parameters)},
          {"spec",
           {{"maxUnavailable", 1},
            {"unhealthyPodEvictionPolicy", "AlwaysAllow"},
            {"selector", {{"matchLabels", selector_labels(parameters)}}}}}};
}

json::object autoscaler(const Settings& settings, Parameters& parameters) {
  const Scaling& scaling = *settings.scaling;
  json::array metrics;
  if (scaling.by == Scaling::By::kQueue) {
    metrics.push_back(
        pods_metric("sixfold_requests_waiting",
                    parameters.value("scaling.targetQueueDepth", std::to_string(scaling.target_queue_depth))));
    metrics.push_back(
        pods_metric("sixfold_kv_usage_ratio",
                    parameters.value("scaling.targetKvUsage", quantity_of_percent(scaling.target_kv_percent))));
  }
  // The largest of all counts wins, so the processor decides alone where nobody serves the other metrics.
  metrics.push_back(
      {{"type", "Resource"},
       {"resource",
        {{"name", "cpu"},
         {"target",
          {{"type", "Utilization"},
           {"averageUtilization", parameters.value("scaling.targetCpu", scaling.target_cpu_percent)}}}}}});
  return {{"apiVersion", "autoscaling/v2"},
          {"kind", "HorizontalPodAutoscaler"},
          {"metadata", metadata(settings, parameters)},
          {"spec",
           {{"scaleTargetRef", {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", parameters.name()}}},
            {"minReplicas", parameters.value("scaling.min", scaling.least)},
            {"maxReplicas", parameters.value("scaling.max", scaling.most)},
            {"metrics", std::move(metrics)},
            {"behavior", behavior()}}}};
}

json::object scaled_object(const Settings& settings, Parameters& parameters) {
  const Scaling& scaling = *settings.scaling;
  const json::value server = parameters.value("scaling.prometheus", scaling.prometheus);
  const auto trigger = [&](std::string query, json::value threshold) {
    return json::object{{"type", "prometheus"},
                        {"metricType", "AverageValue"},
                        {"metadata",
                         {{"serverAddress", server},
                          {"query", std::move(query)},
                          {"threshold", std::move(threshold)},
                          {"activationThreshold", "0"},
                          {"ignoreNullValues", "true"}}}};
  };
  const std::string pods = fmt::format("{{pod=~\"{}-.*\"}}", parameters.name());
  json::array triggers;
  triggers.push_back(trigger(fmt::format("sum(sixfold_requests_waiting{})", pods),
                             parameters.value("scaling.targetQueueDepth", std::to_string(scaling.target_queue_depth))));
  triggers.push_back(
      trigger(fmt::format("sum(sixfold_kv_usage_ratio{})", pods),
              parameters.value("scaling.targetKvUsage",
                               fmt::format("{:.2f}", static_cast<double>(scaling.target_kv_percent) / 100.0))));
  return {{"apiVersion", "keda.sh/v1alpha1"},
          {"kind", "ScaledObject"},
          {"metadata", metadata(settings, parameters)},
          {"spec",
           {{"scaleTargetRef", {{"name", parameters.name()}}},
            {"pollingInterval", 15},
            {"minReplicaCount", parameters.value("scaling.min", scaling.least)},
            {"maxReplicaCount", parameters.value("scaling.max", scaling.most)},
            // When Prometheus does not answer, what runs goes on.
            {"fallback",
             {{"failureThreshold", 3},
              {"replicas", scaling.least == 0 ? 1 : scaling.least},
              {"behavior", "currentReplicasIfHigher"}}},
            {"advanced", {{"horizontalPodAutoscalerConfig", {{"behavior", behavior()}}}}},
            {"triggers", std::move(triggers)}}}};
}

}  // namespace sixfold::deploy::kubernetes
