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
    std::vector<Candidate> candidates = survivors(logits, options, largest);
    sampled.token = draw(candidates, options.temperature, uniform(state.key, state.step));
  }
  if (logprobs.wants_chosen || logprobs.alternatives > 0) report(logits, largest, logprobs, sampled);
  return sampled;
}

}  // namespace sixfold::engine
