// What the Prometheus operator needs to scrape the pods, and the alerts that somebody should wake up for.
#include <fmt/format.h>

#include "deploy/kubernetes/objects.h"

namespace sixfold::deploy::kubernetes {
namespace {

json::object monitor_metadata(const Settings& settings, Parameters& parameters) {
  json::object meta = metadata(settings, parameters);
  json::object& labels = meta["labels"].get_object();
  for (const auto& [name, value] : settings.monitor_labels) labels[name] = value;
  return meta;
}

json::object alert(std::string_view name, std::string expression, std::string_view lasts, std::string_view severity,
                   std::string_view summary) {
  return {{"alert", name},
          {"expr", std::move(expression)},
          {"for", lasts},
          {"labels", {{"severity", severity}}},
          {"annotations", {{"summary", summary}}}};
}

}  // namespace

json::object service_monitor(const Settings& settings, Parameters& parameters) {
  return {{"apiVersion", "monitoring.coreos.com/v1"},
          {"kind", "ServiceMonitor"},
          {"metadata", monitor_metadata(settings, parameters)},
          {"spec",
           {{"selector", {{"matchLabels", selector_labels(parameters)}}},
            {"endpoints",
             json::array{{{"port", kHttp}, {"path", "/metrics"}, {"interval", "15s"}, {"scrapeTimeout", "10s"}}}}}}};
}

json::object prometheus_rule(const Settings& settings, Parameters& parameters) {
  const std::string job = fmt::format("{{job=\"{}\"}}", parameters.name());
  json::array rules;
  rules.push_back(alert("SixfoldDown", fmt::format("absent(up{0}) or sum(up{0}) == 0", job), "5m", "critical",
                        "No pod of the model answers."));
  rules.push_back(alert("SixfoldQueueLong", fmt::format("avg(sixfold_requests_waiting{}) > 16", job), "10m", "warning",
                        "Requests wait in line; more pods, or smaller requests, are needed."));
  rules.push_back(alert("SixfoldRejecting", fmt::format("sum(rate(sixfold_requests_rejected_total{}[5m])) > 0.1", job),
                        "5m", "warning", "Requests are refused because the queue is full."));
  rules.push_back(alert("SixfoldFirstTokenSlow",
                        fmt::format("histogram_quantile(0.95, sum by (le) "
                                    "(rate(sixfold_time_to_first_token_seconds_bucket{}[5m]))) > 5",
                                    job),
                        "10m", "warning", "One answer of twenty begins after more than five seconds."));
  rules.push_back(alert("SixfoldErrors",
                        fmt::format("sum(rate(sixfold_http_requests_total{{job=\"{0}\",status=~\"5..\"}}[5m])) / "
                                    "sum(rate(sixfold_http_requests_total{{job=\"{0}\"}}[5m])) > 0.02",
                                    parameters.name()),
                        "5m", "critical", "More than two of a hundred requests fail."));
  return {{"apiVersion", "monitoring.coreos.com/v1"},
          {"kind", "PrometheusRule"},
          {"metadata", monitor_metadata(settings, parameters)},
          {"spec",
           {{"groups", json::array{{{"name", parameters.name()}, {"interval", "30s"}, {"rules", std::move(rules)}}}}}}};
}

}  // namespace sixfold::deploy::kubernetes
