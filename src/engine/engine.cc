// The engine's thread and its life: self test, serve, drain, stop.
#include "engine/engine.h"

#include <mutex>
#include <random>
#include <thread>
#include <utility>

#include "core/error.h"
#include "core/log.h"
#include "engine/adapter_shelf.h"
#include "engine/mailbox.h"
#include "engine/options.h"
#include "engine/scheduler.h"
#include "engine/self_test.h"

namespace sixfold::engine {
namespace {

std::uint64_t random_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

class ThreadedEngine final : public Engine {
 public:
  ThreadedEngine(std::unique_ptr<model::Model> model, model::KvPages kv,
                 std::shared_ptr<const tokenizer::Tokenizer> tokenizer, const EngineOptions& options,
                 telemetry::Metrics* metrics, const Clock& clock)
      : model_(std::move(model)),
        tokenizer_(std::move(tokenizer)),
        options_(options),
        metrics_(metrics),
        clock_(clock),
        adapters_(*model_, options.adapter_bytes_max, clock),
        mailbox_(std::make_shared<Mailbox>(options.queue_max + options.sequences_max, clock)),
        scheduler_(*model_, std::move(kv), *tokenizer_,
                   {.context = options.context,
                    .sequences_max = options.sequences_max,
                    .prefill_chunk = options.prefill_chunk,
                    .step_target_seconds = static_cast<double>(options.step_target_ms) / 1000,
                    .has_prefix_cache = options.has_prefix_cache,
                    .has_speculation = options.has_speculation},
                   metrics, clock),
        tokens_max_(scheduler_.tokens_max()),
        counts_(scheduler_.counts()) {
    thread_ = std::thread([this] { serve(); });
  }
  ~ThreadedEngine() override { stop(0); }

  Result<std::shared_ptr<TokenStream>> submit(EngineRequest request) override;
  EngineStatus status() const override;
  const model::ModelDescription& model() const override { return model_->description(); }
  const tokenizer::Tokenizer& tokenizer() const override { return *tokenizer_; }
  const EngineOptions& options() const override { return options_; }
  AdapterShelf* adapters() override { return &adapters_; }
  bool stop(int drain_ms) override;

 private:
  void serve();
  void publish_counts();
  Status check(const EngineRequest& request) const;
  Error rejected(Error error, std::string_view reason) const;

  // Constant after construction.
  const std::unique_ptr<model::Model> model_;
  const std::shared_ptr<const tokenizer::Tokenizer> tokenizer_;
  const EngineOptions options_;
  telemetry::Metrics* const metrics_;
  const Clock& clock_;
  AdapterShelf adapters_;                   // thread-safe
  const std::shared_ptr<Mailbox> mailbox_;  // shared with streams, which may outlive the engine

  Scheduler scheduler_;  // the engine thread's
  const std::size_t tokens_max_;

  mutable std::mutex mutex_;
  SchedulerCounts counts_ SIXFOLD_GUARDED_BY(mutex_);

  std::thread thread_;
};

// The whole life of the engine thread.
void ThreadedEngine::serve() {
  while (true) {
    Mailbox::Taken taken = mailbox_->take();
    for (auto& request : taken.requests) scheduler_.add(std::move(request));
    if (taken.is_last) scheduler_.cancel_all();
    const bool has_advanced = scheduler_.step();
    publish_counts();
    if (has_advanced) mailbox_->progressed();
    if (taken.is_last) return;
    if (!has_advanced) mailbox_->sleep();
  }
}

void ThreadedEngine::publish_counts() {
  {
    const std::lock_guard lock(mutex_);
    counts_ = scheduler_.counts();
  }
  if (const std::size_t finished = scheduler_.take_finished(); finished > 0) mailbox_->finished(finished);
}

Error ThreadedEngine::rejected(Error error, std::string_view reason) const {
  if (metrics_ != nullptr) metrics_->request_rejected(reason);
  return error;
}

Status ThreadedEngine::check(const EngineRequest& request) const {
  if (Status status = validate(request); !status) return rejected(std::move(status).error(), "invalid");
  const std::size_t vocabulary = model_->description().vocabulary;
  const auto is_token = [&](TokenId token) { return token >= 0 && static_cast<std::size_t>(token) < vocabulary; };
  for (const TokenId token : request.prompt) {
    if (is_token(token)) continue;
    return rejected(invalid_argument("prompt: token {}, want 0 to {}", token, vocabulary - 1), "invalid");
  }
  if (request.reasoning) {
    const std::vector<TokenId>& closing = request.reasoning->closing;
    if (closing.empty() || !std::all_of(closing.begin(), closing.end(), is_token)) {
      return rejected(invalid_argument("reasoning budget: want tokens of the vocabulary that close it"), "invalid");
    }
  }
  for (const auto& bias : request.sampling.logit_bias) {
    if (is_token(bias.first)) continue;
    return rejected(invalid_argument("logit_bias: token {}, want 0 to {}", bias.first, vocabulary - 1), "invalid");
  }
  if (request.adapter != nullptr && request.adapter->weights->owner() != model_.get()) {
    return rejected(invalid_argument("adapter \"{}\": loaded for another model", request.adapter->name), "invalid");
  }
  const std::size_t wanted = request.prompt.size() + 1;
  if (wanted > options_.context) {
    return rejected(invalid_argument("context length {} exceeded: {} prompt tokens and one to generate",
                                     options_.context, request.prompt.size()),
                    "context_length");
  }
  if (wanted > tokens_max_) {
    // Waiting would not help, so this is the request's fault, not a matter of load.
    return rejected(
        invalid_argument("context length {} exceeded (the whole key/value cache): {} prompt tokens and one to "
                         "generate",
                         tokens_max_, request.prompt.size()),
        "kv_cache");
  }
  return ok();
}

Result<std::shared_ptr<TokenStream>> ThreadedEngine::submit(EngineRequest request) {
  SIXFOLD_TRY_STATUS(check(request));
  const std::uint64_t seed = request.sampling.seed ? *request.sampling.seed : random_seed();
  auto stream = std::make_shared<TokenStream>([mailbox = mailbox_] { mailbox->wake(); });
  auto state = std::make_shared<RequestState>(std::move(request), seed, stream, metrics_, clock_);
  switch (mailbox_->push(std::move(state))) {
    case Mailbox::Pushed::kAccepted:
      return stream;
    case Mailbox::Pushed::kFull:
      return rejected(resource_exhausted("queue full: {} requests are waiting or running",
                                         options_.queue_max + options_.sequences_max),
                      "queue_full");
    case Mailbox::Pushed::kClosed:
      break;
  }
  return rejected(unavailable("engine is stopping"), "stopping");
}

EngineStatus ThreadedEngine::status() const {
  SchedulerCounts counts;
  {
    const std::lock_guard lock(mutex_);
    counts = counts_;
  }
  EngineStatus status;
  status.requests_waiting = counts.requests_waiting + mailbox_->untaken();
  status.requests_running = counts.requests_running;
  status.pages_used = counts.pages_used;
  status.pages_cached = counts.pages_cached;
  status.pages_total = counts.pages_total;
  status.page_tokens = counts.page_tokens;
  status.steps = counts.steps;
  status.idle_seconds = mailbox_->seconds_without_progress();
  status.is_ready = !counts.is_failing && status.idle_seconds * 1000 <= static_cast<double>(options_.stall_ms);
  status.prefix_tokens_asked = counts.prefix_tokens_asked;
  status.prefix_tokens_found = counts.prefix_tokens_found;
  status.preemptions = counts.preemptions;
  status.tokens_drafted = counts.tokens_drafted;
  status.tokens_accepted = counts.tokens_accepted;
  status.adapters_running = std::move(counts.adapters_running);
  status.adapters_waiting = std::move(counts.adapters_waiting);
  return status;
}

bool ThreadedEngine::stop(int drain_ms) {
  mailbox_->close();
  const bool has_finished = mailbox_->wait_until_all_finished(drain_ms);
  mailbox_->end();
  if (thread_.joinable()) thread_.join();
  return has_finished;
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::start(std::unique_ptr<model::Model> model,
                                              std::shared_ptr<const tokenizer::Tokenizer> tokenizer,
                                              const EngineOptions& options, telemetry::Metrics* metrics,
                                              const Clock* clock) {
  SIXFOLD_TRY(const EngineOptions resolved, resolve(options, *model));
  const model::KvShape shape = model->kv_shape(resolved.kv_dtype);
  const std::size_t pages = (resolved.kv_tokens + shape.page_tokens - 1) / shape.page_tokens;
  SIXFOLD_TRY(model::KvPages kv, model::KvPages::allocate(shape, pages));
  if (!options.is_model_tested) {
    SIXFOLD_TRY_STATUS(self_test(*model, resolved.kv_dtype, tokenizer->bos().value_or(0)));
  }
  spdlog::info("engine: context {}, {} sequences at once, {} KV pages of {} tokens", resolved.context,
               resolved.sequences_max, pages, shape.page_tokens);
  return std::unique_ptr<Engine>(std::make_unique<ThreadedEngine>(std::move(model), std::move(kv), std::move(tokenizer),
                                                                  resolved, metrics,
                                                                  clock != nullptr ? *clock : system_clock()));
}

}  // namespace sixfold::engine
