// What the engine is asked to do, and what it answers, token by token.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "tokenizer/vocabulary.h"

namespace sixfold::engine {

struct NamedAdapter;  // engine/adapter_shelf.h
class TokenRule;      // engine/token_rule.h

using tokenizer::TokenId;

// Defaults: plain sampling from the model's distribution.  Ranges are checked by validate(); sampler.h says in which
// order they act.
struct SamplingOptions {
  float temperature = 1.0f;                           // [0, 10]; 0 = greedy, the lowest id wins a tie
  std::uint32_t top_k = 0;                            // 0 = off
  float top_p = 1.0f;                                 // (0, 1]
  float min_p = 0.0f;                                 // [0, 1)
  float typical_p = 1.0f;                             // (0, 1]; locally typical sampling, arXiv:2202.00666
  float repetition_penalty = 1.0f;                    // (0, 10]; arXiv:1909.05858, over prompt and output
  float presence_penalty = 0.0f;                      // [-2, 2]; over the output, as OpenAI defines it
  float frequency_penalty = 0.0f;                     // [-2, 2]
  std::vector<std::pair<TokenId, float>> logit_bias;  // added before anything else; [-1000, 1000] each
  std::optional<std::uint64_t> seed;                  // none: a random one
};

// Errors: invalid_argument naming the field, its range and the value.
Status validate(const SamplingOptions& options);

// How long a model may think.  When it has used its tokens up, what closes its reasoning is written for it.
struct ReasoningBudget {
  std::size_t tokens = 0;         // of reasoning, the markers not counted
  std::string begin;              // opens the reasoning, with nothing but white space before it in the answer
  bool is_open = false;           // the prompt has opened it
  std::vector<std::string> ends;  // texts that close it
  std::vector<TokenId> closing;   // tokens that do; at least one
};

struct EngineRequest {
  std::string id;               // for logs
  std::vector<TokenId> prompt;  // at least one token
  SamplingOptions sampling;
  std::shared_ptr<const NamedAdapter> adapter;  // of the engine's shelf; null = none
  float adapter_scale = 1;                      // a number; 0 is as no adapter
  std::optional<ReasoningBudget> reasoning;     // none: no limit of its own
  std::shared_ptr<TokenRule> rule;              // that the text keeps to, made for this vocabulary; null = none
  std::size_t tokens_max = 0;                   // per choice; 0 = until the context is full
  std::size_t choices = 1;                      // n; the prompt is computed once
  std::vector<std::string> stop;                // strings; the match is not part of the text
  std::size_t line_indent = 0;                  // of every line but the first, else the text ends before it; 0 = any
  bool ignores_end = false;                     // go on after end-of-generation tokens (benchmarks)
  bool shows_special = false;                   // text of control tokens included
  std::size_t logprobs = 0;                     // alternatives to report per token
  bool wants_logprobs = false;                  // the chosen token's own logprob too
};

// Everything that does not depend on the model: sampling options, choices, stop strings, logprobs, an empty prompt.
// Errors: invalid_argument naming the field, its range and the value.
Status validate(const EngineRequest& request);

enum class FinishReason { kNone, kStop, kLength, kCancelled, kError };
std::string_view to_string(FinishReason reason);  // "" "stop" "length" "cancelled" "error"

struct TokenLogprob {
  TokenId token = 0;
  float logprob = 0;  // natural log, of the model's distribution after the rule, logit bias and penalties, before
                      // temperature and cuts
};

// One step of one choice.  `text` may be empty (half a character, a possible stop string) and may hold the text of
// several earlier tokens.
struct TokenEvent {
  std::uint32_t choice = 0;
  TokenId token = -1;  // -1: none (the last event of a choice that ended without a token)
  std::string text;    // whole UTF-8 characters
  std::optional<TokenLogprob> chosen;
  std::vector<TokenLogprob> alternatives;  // best first
  FinishReason finish = FinishReason::kNone;
  std::string stop_text;       // the stop string that matched; a line end when a line was indented too little
  bool is_rule_end = false;    // with kStop: the token belongs to the text, behind which the rule allows nothing
  std::optional<Error> error;  // with kError
};

struct RequestUsage {
  std::uint64_t prompt_tokens = 0;
  std::uint64_t cached_tokens = 0;     // of the prompt, found in the prefix cache
  std::uint64_t generated_tokens = 0;  // of all choices
  double queue_seconds = 0;
  double prefill_seconds = 0;
  double decode_seconds = 0;
};

}  // namespace sixfold::engine
