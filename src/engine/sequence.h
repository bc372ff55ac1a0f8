// One choice of one request on its way through the engine.
#pragma once
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/budget_reader.h"
#include "engine/drafter.h"
#include "engine/line_indent.h"
#include "engine/page_cache.h"
#include "engine/request_state.h"
#include "engine/sampler.h"
#include "engine/stop_strings.h"
#include "engine/token_rule.h"
#include "model/model.h"
#include "tokenizer/stream_decoder.h"

namespace sixfold::engine {

// Age: requests in the order of their arrival, then choices.  Older sequences go first in everything.
struct Age {
  std::uint64_t arrival = 0;
  std::uint32_t choice = 0;
  auto operator<=>(const Age&) const = default;
};

// Its states are numbers, so that none can contradict another:
//   waiting    no pages, computed = 0 (new, or preempted with the tokens it had: they are computed again, to the same
//              bits, and the reader does not notice)
//   prefill    pending() > 1
//   decoding   pending() = 1: every step computes the newest token and samples the next
//   paused     as either, but its reader has left no room; keeps its pages until somebody else needs them
//   finished   its last event was delivered
// Engine thread.
class Sequence {
 public:
  // limit: tokens at which it ends with kLength, more than the prompt.  tokenizer must outlive it.
  Sequence(std::shared_ptr<RequestState> request, Age age, std::size_t limit, const tokenizer::Tokenizer& tokenizer);

  // The sibling that writes choice number `choice` of the same request.  Only before the first token was sampled.
  std::unique_ptr<Sequence> fork(std::uint32_t choice) const;

  RequestState& request() const { return *request_; }
  const Age& age() const { return age_; }
  PageOrigin origin() const;                                      // of its pages
  model::AdapterUse adapter() const;                              // null: none, which a scale of 0 is as well
  const std::vector<TokenId>& tokens() const { return tokens_; }  // prompt, then what was generated
  std::size_t pending() const { return tokens_.size() - computed; }
  std::size_t tokens_left() const {
    return limit_ - tokens_.size();
  }  // that it may still get; at least 1 until it ends
  bool is_finished() const { return is_finished_; }
  // The prompt stands for choices that have not got a sequence yet.
  bool is_to_fork() const { return sampler_.step == 0 && age_.choice == 0 && request_->request().choices > 1; }

  // Samples the token after the last and delivers its event.  logits: [vocabulary] f32, overwritten.
  void sample_next(std::span<float> logits);

  // Ends it, and before the fork its whole request.  error: with kError.
  void finish(FinishReason reason, const std::optional<Error>& error);

  // The scheduler's.
  std::size_t computed = 0;          // tokens whose keys and values are in the pages
  std::vector<PageId> pages;         // held
  std::size_t pages_remembered = 0;  // the first so many pages are in the prefix tree
  bool is_paused = false;
  Drafter drafter;  // has seen the tokens up to its last use

 private:
  FinishReason append(TokenId token, TokenEvent& event);
  Result<Sampled> sample_by_rule(std::span<float> logits);
  void close_reasoning(std::span<float> logits) const;

  // Constant after construction.
  const std::shared_ptr<RequestState> request_;
  const Age age_;
  const std::size_t limit_;
  const tokenizer::Tokenizer& tokenizer_;

  std::vector<TokenId> tokens_;
  SamplerState sampler_;
  std::optional<RuleReader> rule_;
  std::optional<BudgetReader> budget_;
  tokenizer::StreamDecoder decoder_;
  StopStrings stops_;
  LineIndent indent_;
  bool is_finished_ = false;
};

}  // namespace sixfold::engine
