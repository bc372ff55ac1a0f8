// One Answer per request.  Everything it does happens in tasks on the connection's net thread, so its state needs no
// lock; the engine's thread only posts such a task.
#include "service/answer.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/log.h"
#include "net/sse.h"

namespace sixfold::service {
namespace {

// Common proxies close a connection after 30 to 60 s without a byte.
constexpr int kKeepAliveMs = 15'000;

net::HttpResponse stream_head(std::string_view type, std::vector<net::Header> headers) {
  net::HttpResponse head;
  head.content_type = type;
  head.headers = std::move(headers);
  // The second header asks nginx not to collect the stream before passing it on.
  head.headers.insert(head.headers.end(), {{"Cache-Control", "no-cache"}, {"X-Accel-Buffering", "no"}});
  return head;
}

net::HttpResponse refusal_response(const AnswerFormat& format, const Refusal& refusal) {
  net::HttpResponse response = error_response(format.dialect(), refusal);
  for (net::Header& header : format.headers()) response.headers.push_back(std::move(header));
  return response;
}

void add_usage(engine::RequestUsage& sum, const engine::RequestUsage& usage) {
  sum.prompt_tokens += usage.prompt_tokens;
  sum.cached_tokens += usage.cached_tokens;
  sum.generated_tokens += usage.generated_tokens;
  sum.queue_seconds = std::max(sum.queue_seconds, usage.queue_seconds);
  sum.prefill_seconds += usage.prefill_seconds;
  sum.decode_seconds = std::max(sum.decode_seconds, usage.decode_seconds);
}

}  // namespace

std::string_view AnswerFormat::stream_type() const {
  return "text/event-stream";
}

void AnswerFormat::append_error(std::string& out, const Refusal& refusal) {
  out += net::sse_event(error_body(dialect(), refusal));
}

std::string AnswerFormat::keep_alive() const {
  return net::sse_comment("keep-alive");
}

bool is_end_token(const engine::TokenEvent& event) {
  return event.finish == engine::FinishReason::kStop && event.stop_text.empty() && !event.is_rule_end;
}

class Answer : public std::enable_shared_from_this<Answer> {
 public:
  Answer(ActiveAnswers& active, const Clock& clock, AnswerParts parts,
         std::vector<std::shared_ptr<Generation>> generations)
      : active_(active),
        clock_(clock),
        writer_(std::move(parts.writer)),
        format_(std::move(parts.format)),
        streams_(parts.streams),
        choices_per_prompt_(parts.choices_per_prompt),
        wants_logprobs_(parts.wants_logprobs),
        request_id_(std::move(parts.request_id)),
        generations_(std::move(generations)),
        choices_open_(generations_.size() * choices_per_prompt_) {
    if (!streams_) choices_.resize(choices_open_);
  }
  ~Answer() { cancel(); }

  // Wires the callbacks; call once, after the answer is owned.
  void begin();
  // The answer ends without another word to the client.  Any thread.
  void abandon() {
    is_over_ = true;
    cancel();
    writer_->abort();
  }

 private:
  void cancel() {
    for (const auto& generation : generations_) generation->cancel();
  }
  void schedule();
  void pump();
  bool pump_prompt(std::size_t prompt);
  void take(std::size_t choice, engine::TokenEvent& event);
  bool is_full() const;
  void flush();
  void finish();
  void fail(Error error);
  void give_up();
  void leave();
  void watch(int delay_ms);
  void keep_alive();
  engine::RequestUsage usage() const;

  ActiveAnswers& active_;
  const Clock& clock_;
  const std::shared_ptr<net::ResponseWriter> writer_;
  const std::unique_ptr<AnswerFormat> format_;
  const bool streams_;
  const std::size_t choices_per_prompt_;
  const bool wants_logprobs_;
  const std::string request_id_;
  const std::vector<std::shared_ptr<Generation>> generations_;
  std::atomic<bool> is_over_{false};

  // Owned by the connection's net thread.
  std::size_t choices_open_;
  std::vector<AnswerChoice> choices_;  // when sent whole
  std::string pending_;                // bytes of the stream not yet given to the writer
  bool has_head_ = false;              // the stream has begun
  TimePoint last_write_;
};

void Answer::begin() {
  last_write_ = clock_.now();
  const std::weak_ptr<Answer> self = weak_from_this();
  writer_->on_gone([self] {
    if (const auto answer = self.lock()) answer->give_up();
  });
  writer_->on_drained([self] {
    if (const auto answer = self.lock()) answer->pump();
  });
  for (const auto& generation : generations_) {
    generation->on_ready([self] {
      if (const auto answer = self.lock()) answer->schedule();
    });
  }
  if (streams_) watch(kKeepAliveMs);
}

void Answer::schedule() {
  if (is_over_) return;
  writer_->post([self = weak_from_this()] {
    if (const auto answer = self.lock()) answer->pump();
  });
}

bool Answer::is_full() const {
  return streams_ && writer_->buffered_bytes() + pending_.size() > net::kStreamHighWater;
}

void Answer::pump() {
  if (is_over_) return;
  for (std::size_t prompt = 0; prompt < generations_.size(); ++prompt) {
    if (!pump_prompt(prompt)) break;
  }
  if (is_over_) return;
  if (choices_open_ == 0) {
    finish();
  } else {
    flush();
  }
}

// Reads what one generation has.  False: stop for now, the client is slow or the answer has ended.
bool Answer::pump_prompt(std::size_t prompt) {
  Generation& generation = *generations_[prompt];
  for (;;) {
    if (is_full()) {
      flush();
      if (is_over_ || is_full()) return false;
    }
    std::optional<engine::TokenEvent> event = generation.try_next();
    if (!event) return true;
    if (event->finish == engine::FinishReason::kError || event->finish == engine::FinishReason::kCancelled) {
      fail(event->error ? std::move(*event->error) : unavailable("the request was cancelled, the server is stopping"));
      return false;
    }
    if (event->choice >= choices_per_prompt_) {
      fail(internal_error("an event for choice {} of {}", event->choice, choices_per_prompt_));
      return false;
    }
    take(prompt * choices_per_prompt_ + event->choice, *event);
  }
}

void Answer::take(std::size_t choice, engine::TokenEvent& event) {
  const bool is_last = event.finish != engine::FinishReason::kNone;
  if (is_last && choices_open_ > 0) --choices_open_;
  if (streams_) {
    format_->append_event(pending_, choice, event);
    return;
  }
  format_->note_event(choice, event);
  AnswerChoice& collected = choices_[choice];
  collected.text += event.text;
  if (event.token >= 0) collected.ids.push_back(event.token);
  if (wants_logprobs_ && event.chosen && !is_end_token(event)) {
    collected.tokens.push_back({*event.chosen, std::move(event.alternatives)});
  }
  if (is_last) {
    collected.finish = event.finish;
    collected.stop_text = std::move(event.stop_text);
  }
}

void Answer::flush() {
  if (pending_.empty()) return;
  if (!has_head_) {
    has_head_ = true;
    writer_->begin_stream(stream_head(format_->stream_type(), format_->headers()));
  }
  last_write_ = clock_.now();
  std::string bytes = std::exchange(pending_, {});
  if (!writer_->write(std::move(bytes))) give_up();
}

engine::RequestUsage Answer::usage() const {
  engine::RequestUsage sum;
  for (const auto& generation : generations_) add_usage(sum, generation->usage());
  return sum;
}

void Answer::finish() {
  if (streams_) {
    format_->append_end(pending_, usage());
    flush();
    if (is_over_) return;
    is_over_ = true;
    writer_->end();
  } else {
    is_over_ = true;
    net::HttpResponse response;
    response.headers = format_->headers();
    response.body = format_->whole(choices_, usage());
    writer_->send(std::move(response));
  }
  leave();
}

void Answer::fail(Error error) {
  cancel();
  if (error.code == ErrorCode::kInternal) spdlog::error("a request failed: {}", error.message);
  Refusal refusal = refusal_of_generate(std::move(error), format_->input_field());
  refusal.request_id = request_id_;
  if (!has_head_ && pending_.empty()) {
    is_over_ = true;
    writer_->send(refusal_response(*format_, refusal));
  } else {
    format_->append_error(pending_, refusal);
    flush();
    if (is_over_) return;
    is_over_ = true;
    writer_->end();
  }
  leave();
}

// The client is gone.
void Answer::give_up() {
  abandon();
  leave();
}

// Drops the strong reference; whoever called us holds one more.
void Answer::leave() {
  active_.remove(this);
}

void Answer::watch(int delay_ms) {
  writer_->post_after(delay_ms, [self = weak_from_this()] {
    if (const auto answer = self.lock()) answer->keep_alive();
  });
}

void Answer::keep_alive() {
  if (is_over_) return;
  const auto quiet =
      static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - last_write_).count());
  if (quiet < kKeepAliveMs) {
    watch(kKeepAliveMs - quiet);
    return;
  }
  // A client that does not read needs nothing on top of its backlog.
  if (!is_full()) {
    pending_ += format_->keep_alive();
    flush();
  }
  if (!is_over_) watch(kKeepAliveMs);
}

ActiveAnswers::~ActiveAnswers() {
  clear();
}

void ActiveAnswers::add(std::shared_ptr<Answer> answer) {
  const std::lock_guard lock(mutex_);
  const Answer* key = answer.get();
  answers_.emplace(key, std::move(answer));
}

void ActiveAnswers::remove(const Answer* answer) {
  std::shared_ptr<Answer> last;  // dropped after the lock
  const std::lock_guard lock(mutex_);
  const auto found = answers_.find(answer);
  if (found == answers_.end()) return;
  last = std::move(found->second);
  answers_.erase(found);
}

void ActiveAnswers::clear() {
  std::unordered_map<const Answer*, std::shared_ptr<Answer>> all;
  {
    const std::lock_guard lock(mutex_);
    all.swap(answers_);
  }
  for (const auto& [key, answer] : all) answer->abandon();
}

std::size_t ActiveAnswers::size() const {
  const std::lock_guard lock(mutex_);
  return answers_.size();
}

void start_answer(Backend& backend, ActiveAnswers& active, const Clock& clock, AnswerParts parts) {
  std::vector<std::shared_ptr<Generation>> generations;
  for (GenerateRequest& request : parts.requests) {
    auto generation = backend.generate(std::move(request));
    if (!generation) {
      for (const auto& earlier : generations) earlier->cancel();
      Refusal refusal = refusal_of_generate(std::move(generation).error(), parts.format->input_field());
      refusal.request_id = parts.request_id;
      parts.writer->send(refusal_response(*parts.format, refusal));
      return;
    }
    parts.format->begin(generations.size(), **generation);
    generations.push_back(std::move(*generation));
  }
  const auto answer = std::make_shared<Answer>(active, clock, std::move(parts), std::move(generations));
  active.add(answer);
  answer->begin();
}

}  // namespace sixfold::service
