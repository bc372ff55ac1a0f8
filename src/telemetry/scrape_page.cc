// Gauges, process values and the vllm: names.
#include "telemetry/scrape_page.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/clock.h"
#include "telemetry/process_stats.h"

namespace sixfold::telemetry {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

ClientMetric metric_of(MetricType type, const std::map<std::string, std::string>& labels, double value) {
  ClientMetric metric;
  for (const auto& [name, text] : labels) metric.label.push_back({name, text});
  if (type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  return metric;
}

void append(Families& families, MetricType type, std::string name, std::string help,
            const std::map<std::string, std::string>& labels, double value) {
  MetricFamily family;
  family.name = std::move(name);
  family.help = std::move(help);
  family.type = type;
  family.metric.push_back(metric_of(type, labels, value));
  families.push_back(std::move(family));
}

struct Alias {
  std::string_view ours;
  std::string_view theirs;
};

// Source: vllm-project/vllm, v1/metrics/loggers.py; its client library adds _total to counters.
constexpr std::array<Alias, 19> kVllmNames = {{
    {"sixfold_requests_running", "vllm:num_requests_running"},
    {"sixfold_requests_waiting", "vllm:num_requests_waiting"},
    {"sixfold_kv_usage_ratio", "vllm:kv_cache_usage_perc"},
    {"sixfold_prompt_tokens_total", "vllm:prompt_tokens_total"},
    {"sixfold_generated_tokens_total", "vllm:generation_tokens_total"},
    {"sixfold_prefix_cache_queries_tokens_total", "vllm:prefix_cache_queries_total"},
    {"sixfold_prefix_cache_hits_tokens_total", "vllm:prefix_cache_hits_total"},
    {"sixfold_drafts_total", "vllm:spec_decode_num_drafts_total"},
    {"sixfold_drafted_tokens_total", "vllm:spec_decode_num_draft_tokens_total"},
    {"sixfold_accepted_drafted_tokens_total", "vllm:spec_decode_num_accepted_tokens_total"},
    {"sixfold_requests_finished_total", "vllm:request_success_total"},
    {"sixfold_time_to_first_token_seconds", "vllm:time_to_first_token_seconds"},
    {"sixfold_inter_token_seconds", "vllm:inter_token_latency_seconds"},
    {"sixfold_request_duration_seconds", "vllm:e2e_request_latency_seconds"},
    {"sixfold_request_queue_seconds", "vllm:request_queue_time_seconds"},
    {"sixfold_request_prefill_seconds", "vllm:request_prefill_time_seconds"},
    {"sixfold_request_decode_seconds", "vllm:request_decode_time_seconds"},
    {"sixfold_request_prompt_tokens", "vllm:request_prompt_tokens"},
    {"sixfold_request_generated_tokens", "vllm:request_generation_tokens"},
}};

void rename_labels(ClientMetric& metric) {
  for (auto& label : metric.label) {
    if (label.name == "model") label.name = "model_name";
    if (label.name == "reason") {
      label.name = "finished_reason";
      if (label.value == "cancel") label.value = "abort";  // vLLM's word
    }
  }
}

}  // namespace

std::string label_text(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](char letter) { return letter < 0x20 || letter > 0x7e; }, '_');
  return out;
}

void append_gauge(Families& families, std::string name, std::string help, std::map<std::string, std::string> labels,
                  double value) {
  append(families, MetricType::Gauge, std::move(name), std::move(help), labels, value);
}

void append_adapter_gauges(Families& families, const EngineGauges& gauges, const std::string& model) {
  append_gauge(families, "sixfold_adapters_loaded", "LoRA adapters that requests can name.", {{"model", model}},
               static_cast<double>(gauges.adapters_loaded));
  append_gauge(families, "sixfold_adapter_memory_bytes", "Memory of LoRA adapters.", {{"model", model}},
               static_cast<double>(gauges.adapter_bytes));
  const std::map<std::string, std::string> names = {{"model_name", model},
                                                    {"max_lora", std::to_string(gauges.adapters_max)},
                                                    {"running_lora_adapters", gauges.adapters_running},
                                                    {"waiting_lora_adapters", gauges.adapters_waiting}};
  append_gauge(families, "vllm:lora_requests_info", "Adapters of running and waiting requests; the time of this page.",
               names, gauges.now_unix_seconds);
}

void append_engine_gauges(Families& families, const EngineGauges& gauges, const std::string& model) {
  const std::map<std::string, std::string> labels = {{"model", model}};
  append_gauge(families, "sixfold_requests_waiting", "Requests in the queue.", labels,
               static_cast<double>(gauges.requests_waiting));
  append_gauge(families, "sixfold_requests_running", "Requests being computed.", labels,
               static_cast<double>(gauges.requests_running));
  append_gauge(families, "sixfold_engine_last_progress_age_seconds", "Since the engine last finished a step.", labels,
               gauges.last_progress_age_seconds);

  const std::uint64_t taken = std::min(gauges.kv_pages_total, gauges.kv_pages_used + gauges.kv_pages_cached);
  append_gauge(families, "sixfold_kv_pages", "Pages of the KV cache, by state.", {{"model", model}, {"state", "used"}},
               static_cast<double>(gauges.kv_pages_used));
  MetricFamily& pages = families.back();
  pages.metric.push_back(metric_of(MetricType::Gauge, {{"model", model}, {"state", "cached"}},
                                   static_cast<double>(gauges.kv_pages_cached)));
  pages.metric.push_back(metric_of(MetricType::Gauge, {{"model", model}, {"state", "free"}},
                                   static_cast<double>(gauges.kv_pages_total - taken)));
  const double ratio = gauges.kv_pages_total == 0
                           ? 0
                           : static_cast<double>(gauges.kv_pages_used) / static_cast<double>(gauges.kv_pages_total);
  append_gauge(families, "sixfold_kv_usage_ratio", "Share of the KV cache's pages that running requests use.", labels,
               ratio);

  const std::map<std::string, std::string> cache = {{"model_name", model},
                                                    {"block_size", std::to_string(gauges.kv_page_tokens)},
                                                    {"num_gpu_blocks", std::to_string(gauges.kv_pages_total)}};
  append_gauge(families, "vllm:cache_config_info", "Tokens per KV page and number of pages; always 1.", cache, 1);
  if (gauges.adapters_max != 0) append_adapter_gauges(families, gauges, model);
}

void append_process_stats(Families& families) {
  const ProcessStats stats = read_process_stats();
  const auto add = [&](MetricType type, const char* name, const char* help, const std::optional<double>& value) {
    if (value) append(families, type, name, help, {}, *value);
  };
  add(MetricType::Counter, "process_cpu_seconds_total", "User and system CPU time.", stats.cpu_seconds);
  add(MetricType::Gauge, "process_resident_memory_bytes", "Resident memory.", stats.resident_bytes);
  add(MetricType::Gauge, "process_virtual_memory_bytes", "Virtual memory.", stats.virtual_bytes);
  add(MetricType::Gauge, "process_open_fds", "Open file descriptors.", stats.open_fds);
  add(MetricType::Gauge, "process_max_fds", "Most file descriptors this process may open.", stats.max_fds);
  add(MetricType::Gauge, "process_start_time_seconds", "Start of the process since 1970.", stats.start_time_seconds);
  add(MetricType::Gauge, "process_threads", "Threads of the process.", stats.threads);
}

void append_vllm_aliases(Families& families, const std::string& model) {
  const std::size_t own_count = families.size();
  for (const Alias& alias : kVllmNames) {
    const auto own_end = families.begin() + static_cast<std::ptrdiff_t>(own_count);
    const auto ours =
        std::find_if(families.begin(), own_end, [&](const MetricFamily& family) { return family.name == alias.ours; });
    if (ours == own_end) continue;
    MetricFamily copy = *ours;
    copy.name = std::string(alias.theirs);
    for (ClientMetric& metric : copy.metric) rename_labels(metric);
    families.push_back(std::move(copy));
  }
  // Schedulers read the value as the time of the last change; no adapters are ever loaded.
  append_gauge(families, "vllm:lora_requests_info", "Adapters in use: none.",
               {{"model_name", model}, {"max_lora", "0"}, {"running_lora_adapters", ""}, {"waiting_lora_adapters", ""}},
               static_cast<double>(system_clock().unix_seconds()));
}

}  // namespace sixfold::telemetry
