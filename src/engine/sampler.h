// Chooses the next token from one row of logits.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/result.h"
#include "engine/request.h"

namespace sixfold::engine {

// What one choice's sampling remembers.  Survives preemption, so that nothing outside the request can change its text.
struct SamplerState {
  SamplerState(const SamplingOptions& options, std::span<const TokenId> prompt, std::uint64_t key);

  // After each token, whether sampled or not.
  void add_output(TokenId token);

  std::uint64_t key = 0;   // random.h
  std::uint64_t step = 0;  // tokens generated
  bool has_penalties = false;
  std::unordered_map<TokenId, std::uint32_t> seen;  // token of prompt or output -> times in the output
};

// What a step reports about the distribution.
struct LogprobOptions {
  bool wants_chosen = false;
  std::size_t alternatives = 0;
};

struct Sampled {
  TokenId token = 0;
  std::optional<TokenLogprob> chosen;
  std::vector<TokenLogprob> alternatives;  // best first
};

// logits: [vocabulary] f32, overwritten; what a rule forbids (token_rule.h) is -inf already.  The order, which is
// llama.cpp's:
//   logit bias, repetition penalty, presence and frequency penalty; (logprobs are taken here);
//   temperature 0: the best token, the lowest id of equals; else
//   top-k, locally typical, top-p, min-p, each on what the one before left, renormalised; temperature; draw.
// NaN counts as -inf, +inf as the largest float.  At least one token survives every cut.
// Cost: O(vocabulary), plus sorting only the candidates that survive.
// Errors: internal "model produced no finite logit".
Result<Sampled> sample(std::span<float> logits, const SamplingOptions& options, const SamplerState& state,
                       const LogprobOptions& logprobs);

}  // namespace sixfold::engine
