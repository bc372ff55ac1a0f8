// Bias, penalties, cuts and the draw, in the order that sampler.h names.
#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "engine/candidates.h"
#include "engine/random.h"

namespace sixfold::engine {
namespace {

void apply_bias(std::span<float> logits, const SamplingOptions& options) {
  for (const auto& [token, bias] : options.logit_bias) logits[static_cast<std::size_t>(token)] += bias;
}

void apply_penalties(std::span<float> logits, const SamplingOptions& options, const SamplerState& state) {
  for (const auto& [token, times] : state.seen) {
    if (static_cast<std::size_t>(token) >= logits.size()) continue;
    float& logit = logits[static_cast<std::size_t>(token)];
    logit = logit > 0 ? logit / options.repetition_penalty : logit * options.repetition_penalty;
    if (times == 0) continue;
    logit -= options.presence_penalty + options.frequency_penalty * static_cast<float>(times);
  }
}

// Makes every logit comparable; returns the largest, -inf when there is none.
float clean(std::span<float> logits) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  float largest = -std::numeric_limits<float>::infinity();
  for (float& logit : logits) {
    logit = std::isnan(logit) ? -std::numeric_limits<float>::infinity() : std::min(logit, kLargest);
    largest = std::max(largest, logit);
  }
  return largest;
}

// Sum of exp(logit - largest) over the row: at least 1.
double row_total(std::span<const float> logits, float largest) {
  double total = 0;
  for (const float logit : logits) total += static_cast<double>(std::exp(logit - largest));
  return total;
}

void weigh(std::span<Candidate> candidates, float largest) {
  for (Candidate& candidate : candidates) {
    candidate.weight = static_cast<double>(std::exp(candidate.logit - largest));
  }
}

// Before the cuts that need every token: those that can be in no top-p set, because all of them together weigh less
// than 1 - p of the row, are not even collected.  (The bound is Karpathy's, in llama2.c.)
float least_for_top_p(std::size_t vocabulary, double p, double total, float largest) {
  if (p >= 1) return std::numeric_limits<float>::lowest();
  const double share = (1 - p) / static_cast<double>(vocabulary);
  return largest + static_cast<float>(std::log(share * total)) - 1e-3f;
}

// Without cuts that need every token: those that weigh less than e^-60 of the best after temperature are beyond the 53
// bits of a draw, even all 2^22 of the largest vocabulary together; and min-p says its limit itself.
float least_for_draw(const SamplingOptions& options, float largest) {
  const float least = largest - 60.0f * options.temperature;
  return options.min_p > 0 ? std::max(least, largest + std::log(options.min_p) - 1e-3f) : least;
}

std::vector<Candidate> cut(std::span<const float> logits, const SamplingOptions& options, float largest) {
  const double p = static_cast<double>(options.top_p);
  const double typical_p = static_cast<double>(options.typical_p);
  std::vector<Candidate> candidates;
  double total = 0;
  const bool has_top_k = options.top_k > 0 && options.top_k < logits.size();
  if (has_top_k) {
    candidates = best_of(logits, options.top_k);
  } else if (p < 1 && typical_p >= 1) {
    total = row_total(logits, largest);
    candidates = at_least(logits, least_for_top_p(logits.size(), p, total, largest));
  } else {
    candidates =
        at_least(logits, typical_p < 1 ? std::numeric_limits<float>::lowest() : least_for_draw(options, largest));
  }
  weigh(candidates, largest);
  if (typical_p < 1) cut_typical(candidates, typical_p);
  if (p < 1) cut_top_p(candidates, p, total > 0 ? total : total_weight(candidates));
  if (options.min_p > 0) cut_min_p(candidates, static_cast<double>(options.min_p));
  return candidates;
}

TokenId draw(std::vector<Candidate>& candidates, float temperature, double random) {
  float best = -std::numeric_limits<float>::infinity();
  for (const Candidate& candidate : candidates) best = std::max(best, candidate.logit);
  double total = 0;
  for (Candidate& candidate : candidates) {
    const double distance = static_cast<double>(candidate.logit) - static_cast<double>(best);
    candidate.weight = std::exp(distance / static_cast<double>(temperature));
    total += candidate.weight;
  }
  double left = random * total;
  TokenId token = candidates.front().token;
  for (const Candidate& candidate : candidates) {
    if (candidate.weight == 0) continue;
    token = candidate.token;
    left -= candidate.weight;
    if (left < 0) break;
  }
  return token;
}

void report(std::span<const float> logits, float largest, const LogprobOptions& logprobs, Sampled& sampled) {
  const double log_total = std::log(row_total(logits, largest));
  const auto logprob = [&](float logit) {
    return static_cast<float>(static_cast<double>(logit) - static_cast<double>(largest) - log_total);
  };
  if (logprobs.wants_chosen) {
    sampled.chosen = TokenLogprob{sampled.token, logprob(logits[static_cast<std::size_t>(sampled.token)])};
  }
  if (logprobs.alternatives == 0) return;
  for (const Candidate& candidate : best_of(logits, logprobs.alternatives)) {
    sampled.alternatives.push_back({candidate.token, logprob(candidate.logit)});
  }
}

}  // namespace

SamplerState::SamplerState(const SamplingOptions& options, std::span<const TokenId> prompt, std::uint64_t choice_key)
    : key(choice_key),
      has_penalties(options.repetition_penalty != 1.0f || options.presence_penalty != 0.0f ||
                    options.frequency_penalty != 0.0f) {
  if (!has_penalties) return;
  for (const TokenId token : prompt) seen.emplace(token, 0u);
}

void SamplerState::add_output(TokenId token) {
  ++step;
  if (has_penalties) ++seen[token];
}

Result<Sampled> sample(std::span<float> logits, const SamplingOptions& options, const SamplerState& state,
                       const LogprobOptions& logprobs) {
  apply_bias(logits, options);
  if (state.has_penalties) apply_penalties(logits, options, state);
  const float largest = clean(logits);
  if (largest == -std::numeric_limits<float>::infinity()) return internal_error("model produced no finite logit");
  Sampled sampled;
  if (options.temperature == 0.0f) {
    sampled.token = static_cast<TokenId>(std::find(logits.begin(), logits.end(), largest) - logits.begin());
  } else {
    std::vector<Candidate> candidates = cut(logits, options, largest);
    sampled.token = draw(candidates, options.temperature, uniform(state.key, state.step));
  }
  if (logprobs.wants_chosen || logprobs.alternatives > 0) report(logits, largest, logprobs, sampled);
  return sampled;
}

}  // namespace sixfold::engine
