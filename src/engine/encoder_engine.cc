// The encoder's thread: a step takes one text of each request in turn until the pass is full.
#include "engine/encoder_engine.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "core/error.h"
#include "core/limits.h"
#include "core/thread_annotations.h"

namespace sixfold::engine {
namespace {

using model::EncoderOutput;

struct OpenRequest {
  EncoderRequest request;
  EncoderOutputs outputs;
  std::size_t next = 0;  // text to be computed
  TimePoint submitted;
  double queue_seconds = -1;  // until its first text was taken; negative: none was
};

// One text of a step.
struct StepText {
  OpenRequest* request = nullptr;
  std::size_t index = 0;
};

Status self_test(model::Encoder& encoder) {
  const TokenId token = 0;
  const EncoderOutput output = encoder.description().output;
  const model::EncoderText text{.tokens = {&token, 1}};
  std::vector<float> out(model::output_size(encoder.description(), output, 1));
  if (Status status = encoder.encode({&text, 1}, output, out); !status) {
    return with_context(std::move(status).error(), "self test");
  }
  for (const float value : out) {
    if (std::isfinite(value)) return ok();
  }
  return internal_error("self test: the encoder produced no finite number");
}

std::size_t rows_taken(const EncoderInput& text) {
  constexpr std::size_t kStep = model::kEncoderRowStep;
  return (text.tokens.size() + kStep - 1) / kStep * kStep;
}

class ThreadedEncoderEngine final : public EncoderEngine {
 public:
  ThreadedEncoderEngine(std::unique_ptr<model::Encoder> encoder, const EncoderEngineOptions& options,
                        telemetry::Metrics* metrics, const Clock& clock)
      : encoder_(std::move(encoder)), options_(options), metrics_(metrics), clock_(clock) {
    thread_ = std::thread([this] { serve(); });
  }
  ~ThreadedEncoderEngine() override { stop(0); }

  Status submit(EncoderRequest request) override;
  EncoderStatus status() const override;
  const model::EncoderDescription& description() const override { return encoder_->description(); }
  bool stop(int drain_ms) override;

 private:
  Status check(const EncoderRequest& request) const;
  Error rejected(Error error, std::string_view reason) const;
  void serve();
  bool take_arrivals();
  void drop_stopped();
  std::vector<StepText> choose_texts();
  void compute(const std::vector<StepText>& step);
  void answer_finished();
  void finish(OpenRequest& open, Result<EncoderOutputs> outputs);
  void end_all(const Error& error);

  // Constant after construction.
  const std::unique_ptr<model::Encoder> encoder_;
  const EncoderEngineOptions options_;
  telemetry::Metrics* const metrics_;
  const Clock& clock_;

  std::deque<std::unique_ptr<OpenRequest>> open_;  // the thread's

  mutable std::mutex mutex_;
  std::condition_variable rung_;
  std::condition_variable emptied_;
  std::vector<std::unique_ptr<OpenRequest>> arrivals_ SIXFOLD_GUARDED_BY(mutex_);
  std::size_t in_flight_ SIXFOLD_GUARDED_BY(mutex_) = 0;
  bool is_closed_ SIXFOLD_GUARDED_BY(mutex_) = false;
  bool is_stopping_ SIXFOLD_GUARDED_BY(mutex_) = false;
  std::uint64_t steps_ SIXFOLD_GUARDED_BY(mutex_) = 0;
  TimePoint last_progress_ SIXFOLD_GUARDED_BY(mutex_){};

  std::thread thread_;
};

Error ThreadedEncoderEngine::rejected(Error error, std::string_view reason) const {
  if (metrics_ != nullptr) metrics_->request_rejected(reason);
  return error;
}

Status ThreadedEncoderEngine::check(const EncoderRequest& request) const {
  const model::EncoderDescription& description = encoder_->description();
  if (request.output == EncoderOutput::kScores && description.classes.empty()) {
    return rejected(invalid_argument("scores: {} has no classification head", description.model.name), "invalid");
  }
  const std::size_t vocabulary = description.model.vocabulary;
  for (std::size_t index = 0; index < request.texts.size(); ++index) {
    const std::vector<TokenId>& tokens = request.texts[index].tokens;
    if (tokens.empty()) return rejected(invalid_argument("text {}: no tokens, want at least 1", index), "invalid");
    if (tokens.size() > description.model.context_max) {
      return rejected(invalid_argument("context length {} exceeded: text {} has {} tokens",
                                       description.model.context_max, index, tokens.size()),
                      "context_length");
    }
    for (const TokenId token : tokens) {
      if (token >= 0 && static_cast<std::size_t>(token) < vocabulary) continue;
      return rejected(invalid_argument("text {}: token {}, want 0 to {}", index, token, vocabulary - 1), "invalid");
    }
  }
  return ok();
}

Status ThreadedEncoderEngine::submit(EncoderRequest request) {
  SIXFOLD_TRY_STATUS(check(request));
  if (request.texts.empty()) {
    request.done(EncoderOutputs());
    return ok();
  }
  auto open = std::make_unique<OpenRequest>();
  open->outputs.resize(request.texts.size());
  open->request = std::move(request);
  open->submitted = clock_.now();
  {
    const std::lock_guard lock(mutex_);
    if (is_closed_) return rejected(unavailable("engine is stopping"), "stopping");
    if (in_flight_ >= options_.queue_max) {
      return rejected(resource_exhausted("queue full: {} requests are waiting or running", in_flight_), "queue_full");
    }
    if (in_flight_++ == 0) last_progress_ = open->submitted;
    arrivals_.push_back(std::move(open));
  }
  rung_.notify_one();
  return ok();
}

EncoderStatus ThreadedEncoderEngine::status() const {
  const std::lock_guard lock(mutex_);
  EncoderStatus status;
  status.requests_open = in_flight_;
  status.steps = steps_;
  status.idle_seconds = in_flight_ == 0 ? 0 : seconds_between(last_progress_, clock_.now());
  status.is_ready = status.idle_seconds * 1000 <= static_cast<double>(options_.stall_ms);
  return status;
}

bool ThreadedEncoderEngine::stop(int drain_ms) {
  bool has_finished = false;
  {
    std::unique_lock lock(mutex_);
    is_closed_ = true;
    has_finished = emptied_.wait_for(lock, std::chrono::milliseconds(drain_ms), [this] { return in_flight_ == 0; });
    is_stopping_ = true;
  }
  rung_.notify_one();
  if (thread_.joinable()) thread_.join();
  return has_finished;
}

// The whole life of the thread.
void ThreadedEncoderEngine::serve() {
  while (take_arrivals()) {
    drop_stopped();
    if (const std::vector<StepText> step = choose_texts(); !step.empty()) compute(step);
    answer_finished();
  }
  end_all(unavailable("engine is stopping"));
}

// Waits for something to do; false when the engine stops.
bool ThreadedEncoderEngine::take_arrivals() {
  std::unique_lock lock(mutex_);
  rung_.wait(lock, [this] { return is_stopping_ || !arrivals_.empty() || !open_.empty(); });
  for (auto& arrival : arrivals_) open_.push_back(std::move(arrival));
  arrivals_.clear();
  return !is_stopping_;
}

void ThreadedEncoderEngine::drop_stopped() {
  std::erase_if(open_, [this](const std::unique_ptr<OpenRequest>& open) {
    if (!open->request.stop.stop_requested()) return false;
    finish(*open, unavailable("cancelled"));
    return true;
  });
}

// One text of each request in turn, as long as they fit into one pass.  All have the output that the oldest wants.
std::vector<StepText> ThreadedEncoderEngine::choose_texts() {
  std::vector<StepText> step;
  std::size_t rows = 0;
  bool has_more = !open_.empty();
  while (has_more) {
    has_more = false;
    for (const auto& open : open_) {
      if (open->request.output != open_.front()->request.output || open->next == open->outputs.size()) continue;
      const std::size_t more = rows_taken(open->request.texts[open->next]);
      if (!step.empty() && rows + more > encoder_->rows_max()) return step;
      if (open->next == 0) {
        open->queue_seconds = seconds_between(open->submitted, clock_.now());
        if (metrics_ != nullptr) metrics_->request_queued(open->queue_seconds);
      }
      step.push_back({open.get(), open->next++});
      rows += more;
      has_more = true;
    }
  }
  return step;
}

void ThreadedEncoderEngine::compute(const std::vector<StepText>& step) {
  const EncoderOutput output = step.front().request->request.output;
  std::vector<model::EncoderText> texts;
  std::vector<std::size_t> sizes;
  std::size_t total = 0;
  std::size_t rows = 0;
  for (const StepText& text : step) {
    const EncoderInput& input = text.request->request.texts[text.index];
    texts.push_back({.tokens = input.tokens, .second_begin = input.second_begin});
    sizes.push_back(model::output_size(encoder_->description(), output, input.tokens.size()));
    total += sizes.back();
    rows += input.tokens.size();
  }
  std::vector<float> out(total);
  const TimePoint begin = clock_.now();
  const Status status = encoder_->encode(texts, output, out);
  const TimePoint end = clock_.now();
  if (metrics_ != nullptr) {
    metrics_->engine_step(seconds_between(begin, end), rows);
    metrics_->prompt_tokens(rows);
  }
  {
    const std::lock_guard lock(mutex_);
    last_progress_ = end;
    ++steps_;
  }
  if (!status) {
    end_all(status.error());
    return;
  }
  const float* values = out.data();
  for (std::size_t i = 0; i < step.size(); values += sizes[i++]) {
    step[i].request->outputs[step[i].index].assign(values, values + sizes[i]);
  }
}

// Texts are computed in order, so a request of which all are taken is done.
void ThreadedEncoderEngine::answer_finished() {
  std::erase_if(open_, [this](const std::unique_ptr<OpenRequest>& open) {
    if (open->next < open->outputs.size()) return false;
    finish(*open, std::move(open->outputs));
    return true;
  });
}

void ThreadedEncoderEngine::finish(OpenRequest& open, Result<EncoderOutputs> outputs) {
  if (metrics_ != nullptr) {
    std::uint64_t tokens = 0;
    for (const EncoderInput& text : open.request.texts) tokens += text.tokens.size();
    const std::string_view reason = outputs.is_ok() ? "stop" : open.request.stop.stop_requested() ? "cancel" : "error";
    metrics_->request_finished(reason, seconds_between(open.submitted, clock_.now()), 0, tokens, 0);
  }
  open.request.done(std::move(outputs));
  {
    const std::lock_guard lock(mutex_);
    if (--in_flight_ != 0) return;
  }
  emptied_.notify_all();
}

void ThreadedEncoderEngine::end_all(const Error& error) {
  for (const auto& open : open_) finish(*open, error);
  open_.clear();
}

}  // namespace

Result<std::unique_ptr<EncoderEngine>> EncoderEngine::start(std::unique_ptr<model::Encoder> encoder,
                                                            const EncoderEngineOptions& options,
                                                            telemetry::Metrics* metrics, const Clock* clock) {
  if (options.queue_max < 1 || options.queue_max > limits::kMailboxMax) {
    return invalid_argument("queue_max: {} requests, want 1 to {}", options.queue_max, limits::kMailboxMax);
  }
  SIXFOLD_TRY_STATUS(self_test(*encoder));
  return std::unique_ptr<EncoderEngine>(std::make_unique<ThreadedEncoderEngine>(
      std::move(encoder), options, metrics, clock != nullptr ? *clock : system_clock()));
}

}  // namespace sixfold::engine
