// From logits to a token, from a token to text, and to the reason why it was the last.
#include "engine/sequence.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/check.h"
#include "engine/adapter_shelf.h"
#include "engine/random.h"

namespace sixfold::engine {

Sequence::Sequence(std::shared_ptr<RequestState> request, Age age, std::size_t limit,
                   const tokenizer::Tokenizer& tokenizer)
    : request_(std::move(request)),
      age_(age),
      limit_(limit),
      tokenizer_(tokenizer),
      tokens_(request_->request().prompt),
      sampler_(request_->request().sampling, request_->request().prompt, choice_key(request_->seed(), age.choice)),
      decoder_(tokenizer, request_->request().shows_special),
      stops_(request_->request().stop),
      indent_(request_->request().line_indent) {
  if (request_->request().rule != nullptr) rule_.emplace(request_->request().rule);
  if (request_->request().reasoning) budget_.emplace(*request_->request().reasoning, tokenizer_);
}

std::unique_ptr<Sequence> Sequence::fork(std::uint32_t choice) const {
  SIXFOLD_CHECK(sampler_.step == 0);
  return std::make_unique<Sequence>(request_, Age{age_.arrival, choice}, limit_, tokenizer_);
}

model::AdapterUse Sequence::adapter() const {
  const EngineRequest& request = request_->request();
  if (request.adapter == nullptr || request.adapter_scale == 0) return {};
  return {.adapter = request.adapter->weights.get(), .scale = request.adapter_scale};
}

PageOrigin Sequence::origin() const {
  const model::AdapterUse use = adapter();
  if (use.adapter == nullptr) return {};
  return {.adapter = request_->request().adapter->id, .scale = use.scale};
}

FinishReason Sequence::append(TokenId token, TokenEvent& event) {
  const EngineRequest& request = request_->request();
  tokens_.push_back(token);
  sampler_.add_output(token);
  FinishReason reason = FinishReason::kNone;
  std::string text;
  if (!request.ignores_end && tokenizer_.ends_generation(token)) {
    reason = FinishReason::kStop;
  } else {
    text = decoder_.push(token);
    if (tokens_.size() >= limit_) reason = FinishReason::kLength;
    if (rule_ && rule_->is_finished()) {
      reason = FinishReason::kStop;
      event.is_rule_end = true;
    }
  }
  if (reason != FinishReason::kNone) text += decoder_.flush();
  StopStrings::Output output = stops_.push(text);
  if (!output.match && reason != FinishReason::kNone) output.text += stops_.flush();
  event.text = indent_.push(output.text);
  if (indent_.is_ended()) {
    event.stop_text = "\n";
    return FinishReason::kStop;
  }
  if (output.match || reason != FinishReason::kNone) event.text += indent_.flush();
  if (!output.match) return reason;
  event.stop_text = *output.match;
  return FinishReason::kStop;
}

// Where the budget is used up only the closing token is left; a rule that does not allow it now wins.
void Sequence::close_reasoning(std::span<float> logits) const {
  const std::optional<TokenId> closing = budget_->closing_token();
  if (!closing) return;
  constexpr float kForbidden = -std::numeric_limits<float>::infinity();
  const float own = logits[static_cast<std::size_t>(*closing)];
  if (own == kForbidden) return;
  std::fill(logits.begin(), logits.end(), kForbidden);
  logits[static_cast<std::size_t>(*closing)] = own;
}

// The rule forbids before anything else is done with the logits, so whatever is drawn then is allowed.
Result<Sampled> Sequence::sample_by_rule(std::span<float> logits) {
  const EngineRequest& request = request_->request();
  if (rule_) SIXFOLD_TRY_STATUS(rule_->mask(logits, request.ignores_end));
  if (budget_) close_reasoning(logits);
  const LogprobOptions logprobs{request.wants_logprobs, request.logprobs};
  SIXFOLD_TRY(Sampled sampled, sample(logits, request.sampling, sampler_, logprobs));
  const bool is_end = !request.ignores_end && tokenizer_.ends_generation(sampled.token);
  if (rule_ && !is_end) SIXFOLD_TRY_STATUS(rule_->accept(sampled.token));
  if (budget_) budget_->accept(sampled.token);
  return sampled;
}

void Sequence::sample_next(std::span<float> logits) {
  Result<Sampled> sampled = sample_by_rule(logits);
  TokenEvent event;
  event.choice = age_.choice;
  if (sampled) {
    event.token = sampled->token;
    event.chosen = sampled->chosen;
    event.alternatives = std::move(sampled->alternatives);
    event.finish = append(event.token, event);
  } else {
    event.finish = FinishReason::kError;
    event.error = std::move(sampled).error();
  }
  is_finished_ = event.finish != FinishReason::kNone;
  request_->deliver(std::move(event));
}

void Sequence::finish(FinishReason reason, const std::optional<Error>& error) {
  if (is_finished_) return;
  is_finished_ = true;
  if (is_to_fork()) {
    request_->finish_all(reason, error);
    return;
  }
  TokenEvent event;
  event.choice = age_.choice;
  event.finish = reason;
  event.error = error;
  request_->deliver(std::move(event));
}

}  // namespace sixfold::engine
