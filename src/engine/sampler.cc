// Bias, penalties, cuts and the draw, in the order that sampler.h names.
#include "engine/sampler.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "engine/candidates.h"
#include "engine/random.h"
#include "kernels/vector_ops.h"

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

// The token with the largest logit; infinite ones become finite.  Nothing when there is none.  NaNs stay where they
// are: no comparison below lets one in.
std::optional<std::size_t> find_best(std::span<float> logits) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::size_t best = kernels::argmax(logits.data(), logits.size());
  if (logits[best] == kInfinity) {
    std::replace(logits.begin(), logits.end(), kInfinity, std::numeric_limits<float>::max());
    best = kernels::argmax(logits.data(), logits.size());
  }
  if (!(logits[best] > -kInfinity)) return std::nullopt;
  return best;
}

bool has_cuts(const SamplingOptions& options, std::size_t vocabulary) {
  return (options.top_k > 0 && options.top_k < vocabulary) || options.typical_p < 1 || options.top_p < 1 ||
         options.min_p > 0;
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

// Without cuts every token is a candidate: two passes over the weights, the second over one block only, and no list.
TokenId draw_from_all(std::span<const float> logits, float largest, float temperature, double random) {
  std::array<float, kWeightBlock> weights;
  std::vector<double> sums;
  double total = 0;
  for (std::size_t begin = 0; begin < logits.size(); begin += kWeightBlock) {
    sums.push_back(weigh_block(logits.subspan(begin), {largest, temperature}, weights));
    total += sums.back();
  }
  double left = random * total;
  std::size_t block = 0;
  std::size_t last_block = 0;  // that has any weight: where rounding ends up
  for (; block < sums.size(); ++block) {
    if (sums[block] == 0) continue;
    last_block = block;
    if (left < sums[block]) break;
    left -= sums[block];
  }
  const std::size_t begin = last_block * kWeightBlock;
  const std::size_t count = std::min(kWeightBlock, logits.size() - begin);
  weigh_block(logits.subspan(begin), {largest, temperature}, weights);
  std::size_t token = 0;
  for (std::size_t index = 0; index < count; ++index) {
    if (weights[index] == 0) continue;
    token = begin + index;
    left -= static_cast<double>(weights[index]);
    if (left < 0) break;
  }
  return static_cast<TokenId>(token);
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
  const std::optional<std::size_t> best = find_best(logits);
  if (!best) return internal_error("model produced no finite logit");
  const float largest = logits[*best];
  Sampled sampled;
  if (options.temperature == 0.0f) {
    sampled.token = static_cast<TokenId>(*best);
  } else if (!has_cuts(options, logits.size())) {
    sampled.token = draw_from_all(logits, largest, options.temperature, uniform(state.key, state.step));
  } else {
    std::vector<Candidate> candidates = survivors(logits, options, largest);
    sampled.token = draw(candidates, options.temperature, uniform(state.key, state.step));
  }
  if (logprobs.wants_chosen || logprobs.alternatives > 0) report(logits, largest, logprobs, sampled);
  return sampled;
}

}  // namespace sixfold::engine
