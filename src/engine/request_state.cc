// Times and counts of a request, from the queue to its last token.
#include "engine/request_state.h"

#include <utility>

#include "core/check.h"

namespace sixfold::engine {
namespace {

std::string_view metric_name(FinishReason reason) {
  return reason == FinishReason::kCancelled ? "cancel" : to_string(reason);
}

}  // namespace

RequestState::RequestState(EngineRequest request, std::uint64_t seed, std::shared_ptr<TokenStream> stream,
                           telemetry::Metrics* metrics, const Clock& clock)
    : request_(std::move(request)),
      seed_(seed),
      stream_(std::move(stream)),
      metrics_(metrics),
      clock_(clock),
      submitted_(clock.now()),
      choices_(request_.choices),
      choices_left_(request_.choices) {
  usage_.prompt_tokens = request_.prompt.size();
}

void RequestState::left_queue(std::size_t cached_tokens) {
  admitted_ = clock_.now();
  usage_.cached_tokens = cached_tokens;
  usage_.queue_seconds = seconds_between(submitted_, *admitted_);
  if (metrics_ != nullptr) {
    metrics_->request_queued(usage_.queue_seconds);
    metrics_->prefix_lookup(request_.prompt.size(), cached_tokens);
  }
}

void RequestState::count_token(Choice& choice, TimePoint now) {
  ++usage_.generated_tokens;
  if (metrics_ != nullptr) metrics_->generated_tokens(1);
  if (!first_token_) {
    first_token_ = now;
    usage_.prefill_seconds = seconds_between(*admitted_, now);
    if (metrics_ != nullptr) {
      metrics_->prompt_tokens(request_.prompt.size());
      metrics_->first_token(seconds_between(submitted_, now), usage_.prefill_seconds);
    }
  }
  if (choice.last_token && metrics_ != nullptr) metrics_->token_interval(seconds_between(*choice.last_token, now));
  choice.last_token = now;
}

void RequestState::complete(FinishReason reason, TimePoint now) {
  if (first_token_) usage_.decode_seconds = seconds_between(*first_token_, now);
  if (metrics_ != nullptr) {
    metrics_->request_finished(metric_name(reason), seconds_between(submitted_, now), usage_.decode_seconds,
                               usage_.prompt_tokens, usage_.generated_tokens);
  }
}

void RequestState::deliver(TokenEvent event) {
  Choice& choice = choices_[event.choice];
  SIXFOLD_CHECK(!choice.is_finished);
  const TimePoint now = clock_.now();
  if (event.token >= 0) count_token(choice, now);
  if (event.finish == FinishReason::kNone) {
    stream_->push(std::move(event));
    return;
  }
  choice.is_finished = true;
  if (--choices_left_ > 0) {
    stream_->push(std::move(event));
    return;
  }
  complete(event.finish, now);
  stream_->push_last(std::move(event), usage_);
}

bool RequestState::take_end() {
  return choices_left_ == 0 && !std::exchange(is_end_taken_, true);
}

void RequestState::finish_all(FinishReason reason, const std::optional<Error>& error) {
  for (std::uint32_t index = 0; index < choices_.size(); ++index) {
    if (choices_[index].is_finished) continue;
    TokenEvent event;
    event.choice = index;
    event.finish = reason;
    event.error = error;
    deliver(std::move(event));
  }
}

}  // namespace sixfold::engine
