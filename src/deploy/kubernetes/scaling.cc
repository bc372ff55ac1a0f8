// How many pods: what a load asks for, and how many may be missing at a time.
#include <fmt/format.h>

#include <algorithm>

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
                    parameters.count_as_text("scaling.targetQueueDepth", scaling.target_queue_depth, {1, 1000})));
    metrics.push_back(
        pods_metric("sixfold_kv_usage_ratio",
                    parameters.quantity("scaling.targetKvUsage", quantity_of_percent(scaling.target_kv_percent))));
  }
  // The largest of all counts wins, so the processor decides alone where nobody serves the other metrics.
  metrics.push_back(
      {{"type", "Resource"},
       {"resource",
        {{"name", "cpu"},
         {"target",
          {{"type", "Utilization"},
           {"averageUtilization", parameters.count("scaling.targetCpu", scaling.target_cpu_percent, {1, 100})}}}}}});
  return {{"apiVersion", "autoscaling/v2"},
          {"kind", "HorizontalPodAutoscaler"},
          {"metadata", metadata(settings, parameters)},
          {"spec",
           {{"scaleTargetRef", {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", parameters.name()}}},
            {"minReplicas", parameters.count("scaling.min", scaling.least, {1, kPodsMax})},
            {"maxReplicas", parameters.count("scaling.max", scaling.most, {1, kPodsMax})},
            {"metrics", std::move(metrics)},
            {"behavior", behavior()}}}};
}

json::object scaled_object(const Settings& settings, Parameters& parameters) {
  const Scaling& scaling = *settings.scaling;
  const json::value server = parameters.text("scaling.prometheus", scaling.prometheus);
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
  triggers.push_back(
      trigger(fmt::format("sum(sixfold_requests_waiting{})", pods),
              parameters.count_as_text("scaling.targetQueueDepth", scaling.target_queue_depth, {1, 1000})));
  triggers.push_back(
      trigger(fmt::format("sum(sixfold_kv_usage_ratio{})", pods),
              parameters.quantity("scaling.targetKvUsage",
                                  fmt::format("{:.2f}", static_cast<double>(scaling.target_kv_percent) / 100.0))));
  return {{"apiVersion", "keda.sh/v1alpha1"},
          {"kind", "ScaledObject"},
          {"metadata", metadata(settings, parameters)},
          {"spec",
           {{"scaleTargetRef", {{"name", parameters.name()}}},
            {"pollingInterval", 15},
            {"minReplicaCount", parameters.count("scaling.min", scaling.least, {0, kPodsMax})},
            {"maxReplicaCount", parameters.count("scaling.max", scaling.most, {1, kPodsMax})},
            // When Prometheus does not answer, what runs goes on.
            {"fallback",
             {{"failureThreshold", 3},
              {"replicas",
               parameters.computed(std::max<std::uint64_t>(scaling.least, 1), "max 1 (int .Values.scaling.min)")},
              {"behavior", "currentReplicasIfHigher"}}},
            {"advanced", {{"horizontalPodAutoscalerConfig", {{"behavior", behavior()}}}}},
            {"triggers", std::move(triggers)}}}};
}

}  // namespace sixfold::deploy::kubernetes
