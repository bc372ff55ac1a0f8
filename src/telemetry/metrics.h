// Every metric that sixfold publishes, as one struct; prometheus-cpp stops behind this header.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace sixfold::telemetry {

// Values read at scrape time from the engine, so that gauges never go stale.
struct EngineGauges {
  std::uint64_t requests_waiting = 0;
  std::uint64_t requests_running = 0;
  std::uint64_t kv_pages_used = 0;    // by running sequences
  std::uint64_t kv_pages_cached = 0;  // kept only for prefix reuse
  std::uint64_t kv_pages_total = 0;
  std::uint64_t kv_page_tokens = 0;  // positions in one page
  double last_progress_age_seconds = 0;
  std::uint64_t adapters_max = 0;  // 0: the engine takes none, and the rest says nothing
  std::uint64_t adapters_loaded = 0;
  std::uint64_t adapter_bytes = 0;
  std::string adapters_running = {};  // names, with commas between
  std::string adapters_waiting = {};
  double now_unix_seconds = 0;
};

// One per process.  Thread-safe.  Names: sixfold_<name>_<unit>; the vllm: aliases carry the same values under the label
// model_name.
class Metrics {
 public:
  explicit Metrics(std::string model_name);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // Requests of the engine (one per choice group).
  void request_queued(double queue_seconds);  // left the queue
  void first_token(double ttft_seconds, double prefill_seconds);
  void token_interval(double seconds);  // between two tokens of one choice
  // finish_reason: "stop" "length" "cancel" "error".
  void request_finished(std::string_view finish_reason, double e2e_seconds, double decode_seconds,
                        std::uint64_t prompt_tokens, std::uint64_t generated_tokens);
  void prompt_tokens(std::uint64_t count);  // computed or reused, when prefill is done
  void generated_tokens(std::uint64_t count);
  void drafted_tokens(std::uint64_t drafted, std::uint64_t accepted);  // of one sequence in one step
  void prefix_lookup(std::uint64_t tokens_asked, std::uint64_t tokens_found);
  void engine_step(double seconds, std::uint64_t rows);
  void request_rejected(std::string_view reason);  // "queue_full" "context_length" ...

  // HTTP.
  void http_finished(std::string_view method, std::string_view route, int status, double seconds);

  void set_engine_gauges(std::function<EngineGauges()> read);
  void set_http_connections(std::function<std::uint64_t()> read);
  void set_build_info(std::string version, std::string isa);

  // The page for GET /metrics, text format 0.0.4, content type in content_type().
  std::string render() const;
  static std::string_view content_type();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sixfold::telemetry
