// The parts of the metrics page that are made anew for each scrape.  Internal to telemetry.
#pragma once
#include <prometheus/metric_family.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/metrics.h"

namespace sixfold::telemetry {

using Families = std::vector<prometheus::MetricFamily>;

// Printable ASCII; other bytes become '_'.  Model names come from files, and a byte that is not UTF-8 would make the
// whole page unreadable for a scraper.
std::string label_text(std::string_view text);

void append_gauge(Families& families, std::string name, std::string help, std::map<std::string, std::string> labels,
                  double value);
void append_engine_gauges(Families& families, const EngineGauges& gauges, const std::string& model);
void append_process_stats(Families& families);

// Copies of our families under the names that vLLM publishes, with the label model_name instead of model.
void append_vllm_aliases(Families& families, const std::string& model);

}  // namespace sixfold::telemetry
