// Keeps the numbers in a prometheus-cpp registry under our own names; the vllm: names are made from them when the page
// is rendered, so that both always agree and the hot path pays once.
#include "telemetry/metrics.h"

#include <prometheus/client_metric.h>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/thread_annotations.h"
#include "telemetry/scrape_page.h"

namespace sixfold::telemetry {
namespace {

using Buckets = prometheus::Histogram::BucketBoundaries;
using Labels = std::map<std::string, std::string>;

// Edges contain the thresholds that alerts and objectives use (1, 2, 2.5, 5 s): a quantile or ratio at an edge is
// exact.
const Buckets kTtftBuckets = {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 5, 10, 20, 40, 80};
const Buckets kIntervalBuckets = {0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2.5};
const Buckets kDurationBuckets = {0.1, 0.25, 0.5, 1, 2, 2.5, 5, 10, 20, 30, 60, 120, 300, 600};
const Buckets kStepBuckets = {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5};
const Buckets kRowBuckets = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048};
const Buckets kTokenBuckets = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000};
const Buckets kHttpBuckets = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 2.5, 5, 10, 30, 60, 300};

constexpr std::array<std::string_view, 4> kFinishReasons = {"stop", "length", "cancel", "error"};
constexpr std::array<std::string_view, 7> kMethods = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"};

double not_negative(double seconds) {
  return seconds > 0 ? seconds : 0;  // NaN too
}

// Methods come from the client: anything unusual must not become a new series.
std::string known_method(std::string_view method) {
  return std::string(std::find(kMethods.begin(), kMethods.end(), method) == kMethods.end() ? "other" : method);
}

std::string known_status(int status) {
  return status >= 100 && status <= 599 ? std::to_string(status) : "other";
}

struct HttpSeries {
  prometheus::Counter* requests = nullptr;
  prometheus::Histogram* duration = nullptr;
};
constexpr std::size_t kHttpSeriesMax = 4096;  // remembered: methods and status numbers come from elsewhere

}  // namespace

struct Metrics::State {
  explicit State(std::string model_name)
      : model(label_text(model_name)),
        model_label{{"model", model}},
        prefix_queries(
            counter("sixfold_prefix_cache_queries_tokens_total", "Prompt tokens looked up in the prefix cache.")),
        prefix_hits(counter("sixfold_prefix_cache_hits_tokens_total", "Prompt tokens found in the prefix cache.")),
        prompt_tokens(counter("sixfold_prompt_tokens_total", "Prompt tokens computed or reused.")),
        generated_tokens(counter("sixfold_generated_tokens_total", "Tokens generated.")),
        drafts(counter("sixfold_drafts_total", "Steps of a sequence that computed guessed tokens along.")),
        drafted_tokens(counter("sixfold_drafted_tokens_total", "Guessed tokens computed.")),
        accepted_tokens(counter("sixfold_accepted_drafted_tokens_total", "Guessed tokens that were right.")),
        ttft(histogram("sixfold_time_to_first_token_seconds", "From arrival to the first token.", kTtftBuckets)),
        inter_token(histogram("sixfold_inter_token_seconds", "Between two tokens of one answer.", kIntervalBuckets)),
        duration(histogram("sixfold_request_duration_seconds", "From arrival to the last token.", kDurationBuckets)),
        queue(histogram("sixfold_request_queue_seconds", "From arrival until first scheduled.", kDurationBuckets)),
        prefill(
            histogram("sixfold_request_prefill_seconds", "From first scheduled to the first token.", kDurationBuckets)),
        decode(histogram("sixfold_request_decode_seconds", "From the first token to the last.", kDurationBuckets)),
        request_prompt_tokens(histogram("sixfold_request_prompt_tokens", "Prompt tokens per request.", kTokenBuckets)),
        request_generated_tokens(
            histogram("sixfold_request_generated_tokens", "Generated tokens per request.", kTokenBuckets)),
        step(histogram("sixfold_engine_step_seconds", "One step of the engine.", kStepBuckets)),
        step_rows(histogram("sixfold_engine_step_rows", "Token rows in one step of the engine.", kRowBuckets)),
        finished(prometheus::BuildCounter()
                     .Name("sixfold_requests_finished_total")
                     .Help("Requests finished, by reason.")
                     .Labels(model_label)
                     .Register(registry)),
        rejected(prometheus::BuildCounter()
                     .Name("sixfold_requests_rejected_total")
                     .Help("Requests that the engine did not take, by reason.")
                     .Labels(model_label)
                     .Register(registry)),
        http_requests(prometheus::BuildCounter()
                          .Name("sixfold_http_requests_total")
                          .Help("HTTP requests answered.")
                          .Register(registry)),
        http_duration(prometheus::BuildHistogram()
                          .Name("sixfold_http_request_duration_seconds")
                          .Help("From the first byte of an HTTP request to the last of its answer.")
                          .Register(registry)) {
    // A series that is missing until its first event makes rates and alerts blind to that event.
    for (const std::string_view reason : kFinishReasons) finished.Add({{"reason", std::string(reason)}});
    for (const char* reason : {"queue_full", "context_length"}) rejected.Add({{"reason", reason}});
  }

  prometheus::Counter& counter(const std::string& name, const std::string& help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add(model_label);
  }
  prometheus::Histogram& histogram(const std::string& name, const std::string& help, const Buckets& buckets) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add(model_label, buckets);
  }

  // prometheus-cpp makes a new series, with its buckets, before it finds that there is one: remembered here, as a
  // server counts a hundred thousand small requests a second.
  HttpSeries http_series(std::string_view method, std::string_view route, int status) {
    std::string key;
    key.reserve(method.size() + route.size() + 8);
    key.append(method).append(" ").append(route).append(" ").append(std::to_string(status));
    const std::lock_guard lock(http_mutex);
    const auto found = http.find(key);
    if (found != http.end()) return found->second;
    const std::string route_label = route.empty() ? std::string("unmatched") : label_text(route);
    HttpSeries series;
    series.requests = &http_requests.Add(
        {{"method", known_method(method)}, {"route", route_label}, {"status", known_status(status)}});
    series.duration = &http_duration.Add({{"route", route_label}}, kHttpBuckets);
    if (http.size() < kHttpSeriesMax) http.emplace(key, series);
    return series;
  }

  // Constant after construction; thread-safe by themselves.
  const std::string model;
  const Labels model_label;
  prometheus::Registry registry;
  prometheus::Counter& prefix_queries;
  prometheus::Counter& prefix_hits;
  prometheus::Counter& prompt_tokens;
  prometheus::Counter& generated_tokens;
  prometheus::Counter& drafts;
  prometheus::Counter& drafted_tokens;
  prometheus::Counter& accepted_tokens;
  prometheus::Histogram& ttft;
  prometheus::Histogram& inter_token;
  prometheus::Histogram& duration;
  prometheus::Histogram& queue;
  prometheus::Histogram& prefill;
  prometheus::Histogram& decode;
  prometheus::Histogram& request_prompt_tokens;
  prometheus::Histogram& request_generated_tokens;
  prometheus::Histogram& step;
  prometheus::Histogram& step_rows;
  prometheus::Family<prometheus::Counter>& finished;
  prometheus::Family<prometheus::Counter>& rejected;
  prometheus::Family<prometheus::Counter>& http_requests;
  prometheus::Family<prometheus::Histogram>& http_duration;

  std::mutex http_mutex;
  std::unordered_map<std::string, HttpSeries> http SIXFOLD_GUARDED_BY(http_mutex);

  mutable std::mutex mutex;
  std::function<EngineGauges()> read_engine SIXFOLD_GUARDED_BY(mutex);
  std::function<std::uint64_t()> read_connections SIXFOLD_GUARDED_BY(mutex);
  std::string version SIXFOLD_GUARDED_BY(mutex);
  std::string isa SIXFOLD_GUARDED_BY(mutex);
};

Metrics::Metrics(std::string model_name) : state_(std::make_unique<State>(std::move(model_name))) {}
Metrics::~Metrics() = default;

void Metrics::request_queued(double queue_seconds) {
  state_->queue.Observe(not_negative(queue_seconds));
}

void Metrics::first_token(double ttft_seconds, double prefill_seconds) {
  state_->ttft.Observe(not_negative(ttft_seconds));
  state_->prefill.Observe(not_negative(prefill_seconds));
}

void Metrics::token_interval(double seconds) {
  state_->inter_token.Observe(not_negative(seconds));
}

void Metrics::request_finished(std::string_view finish_reason, double e2e_seconds, double decode_seconds,
                               std::uint64_t prompt_tokens, std::uint64_t generated_tokens) {
  state_->finished.Add({{"reason", label_text(finish_reason)}}).Increment();
  state_->duration.Observe(not_negative(e2e_seconds));
  state_->decode.Observe(not_negative(decode_seconds));
  state_->request_prompt_tokens.Observe(static_cast<double>(prompt_tokens));
  state_->request_generated_tokens.Observe(static_cast<double>(generated_tokens));
}

void Metrics::prompt_tokens(std::uint64_t count) {
  state_->prompt_tokens.Increment(static_cast<double>(count));
}

void Metrics::generated_tokens(std::uint64_t count) {
  state_->generated_tokens.Increment(static_cast<double>(count));
}

void Metrics::drafted_tokens(std::uint64_t drafted, std::uint64_t accepted) {
  state_->drafts.Increment();
  state_->drafted_tokens.Increment(static_cast<double>(drafted));
  state_->accepted_tokens.Increment(static_cast<double>(accepted));
}

void Metrics::prefix_lookup(std::uint64_t tokens_asked, std::uint64_t tokens_found) {
  state_->prefix_queries.Increment(static_cast<double>(tokens_asked));
  state_->prefix_hits.Increment(static_cast<double>(tokens_found));
}

void Metrics::engine_step(double seconds, std::uint64_t rows) {
  state_->step.Observe(not_negative(seconds));
  state_->step_rows.Observe(static_cast<double>(rows));
}

void Metrics::request_rejected(std::string_view reason) {
  state_->rejected.Add({{"reason", label_text(reason)}}).Increment();
}

void Metrics::http_finished(std::string_view method, std::string_view route, int status, double seconds) {
  const HttpSeries series = state_->http_series(method, route, status);
  series.requests->Increment();
  series.duration->Observe(not_negative(seconds));
}

void Metrics::set_engine_gauges(std::function<EngineGauges()> read) {
  const std::lock_guard lock(state_->mutex);
  std::swap(state_->read_engine, read);
}

void Metrics::set_http_connections(std::function<std::uint64_t()> read) {
  const std::lock_guard lock(state_->mutex);
  std::swap(state_->read_connections, read);
}

void Metrics::set_build_info(std::string version, std::string isa) {
  const std::lock_guard lock(state_->mutex);
  state_->version = label_text(version);
  state_->isa = label_text(isa);
}

std::string Metrics::render() const {
  std::function<EngineGauges()> read_engine;
  std::function<std::uint64_t()> read_connections;
  Labels build;
  {
    const std::lock_guard lock(state_->mutex);
    read_engine = state_->read_engine;
    read_connections = state_->read_connections;
    build = {{"version", state_->version}, {"isa", state_->isa}};
  }
  std::vector<prometheus::MetricFamily> families = state_->registry.Collect();
  // A family without a series would be a HELP and a TYPE about nothing.
  families.erase(
      std::remove_if(families.begin(), families.end(), [](const auto& family) { return family.metric.empty(); }),
      families.end());
  if (read_engine) append_engine_gauges(families, read_engine(), state_->model);
  if (read_connections) {
    append_gauge(families, "sixfold_http_connections", "Client connections open.", {},
                 static_cast<double>(read_connections()));
  }
  if (!build["version"].empty()) {
    append_gauge(families, "sixfold_build_info", "Version of the program and instruction set in use; always 1.", build,
                 1);
  }
  append_process_stats(families);
  append_vllm_aliases(families, state_->model);
  return prometheus::TextSerializer().Serialize(families);
}

std::string_view Metrics::content_type() {
  return "text/plain; version=0.0.4; charset=utf-8";
}

}  // namespace sixfold::telemetry
