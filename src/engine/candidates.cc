// Cuts that look at as few candidates as they can, and select instead of sorting.
#include "engine/candidates.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/vector_ops.h"

namespace sixfold::engine {
namespace {

// Keeps the shortest beginning, in the order of `is_before`, whose weights reach `wanted`: halves the range in which it
// ends, so that each candidate is looked at about twice and none is sorted.
template <class IsBefore>
void keep_until(std::vector<Candidate>& candidates, double wanted, const IsBefore& is_before) {
  const auto at = [&](std::size_t index) { return candidates.begin() + static_cast<std::ptrdiff_t>(index); };
  std::size_t begin = 0;
  std::size_t end = candidates.size();
  while (end - begin > 1) {
    const std::size_t middle = begin + (end - begin) / 2;
    std::nth_element(at(begin), at(middle), at(end), is_before);
    const double weight = total_weight(std::span(candidates).subspan(begin, middle - begin));
    if (weight >= wanted) {
      end = middle;
    } else {
      wanted -= weight;
      begin = middle;
    }
  }
  candidates.resize(end);
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

// All of the top-p set, weighed, and few others: mostly it ends near the best token, so that is looked at first.
std::vector<Candidate> likely(std::span<const float> logits, double p, double total, float largest) {
  const float least = least_for_top_p(logits.size(), p, total, largest);
  for (float distance = 8;; distance *= 2) {
    const float from = std::max(least, largest - distance);
    std::vector<Candidate> candidates = at_least(logits, from);
    weigh(candidates, largest);
    if (from == least || total_weight(candidates) >= p * total) return candidates;
  }
}

// Without cuts that need every token: those that weigh less than e^-60 of the best after temperature are beyond the 53
// bits of a draw, even all 2^22 of the largest vocabulary together; and min-p says its limit itself.
float least_for_draw(const SamplingOptions& options, float largest) {
  const float least = largest - 60.0f * options.temperature;
  return options.min_p > 0 ? std::max(least, largest + std::log(options.min_p) - 1e-3f) : least;
}

}  // namespace

double weigh_block(std::span<const float> logits, const WeightScale& scale, std::span<float, kWeightBlock> weights) {
  constexpr float kNothing = -1000;  // its exponential is 0
  const float inverse = std::min(1 / scale.temperature, std::numeric_limits<float>::max());
  const std::size_t count = std::min(kWeightBlock, logits.size());
  for (std::size_t index = 0; index < count; ++index) {
    const float distance = (logits[index] - scale.largest) * inverse;
    weights[index] = distance > kNothing ? distance : kNothing;
  }
  kernels::exp(weights.data(), count, weights.data());
  std::array<double, 8> sums{};  // independent additions, in an order that is always the same
  for (std::size_t index = 0; index < count; ++index) sums[index % 8] += static_cast<double>(weights[index]);
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

double row_total(std::span<const float> logits, float largest) {
  std::array<float, kWeightBlock> weights;
  double total = 0;
  for (std::size_t begin = 0; begin < logits.size(); begin += kWeightBlock) {
    total += weigh_block(logits.subspan(begin), {largest, 1}, weights);
  }
  return total;
}

std::vector<Candidate> best_of(std::span<const float> logits, std::size_t k) {
  // A heap whose top is the worst kept.  Ids rise, so a later equal logit is always worse.
  std::vector<Candidate> heap;
  heap.reserve(std::min(k, logits.size()));
  float worst = -std::numeric_limits<float>::infinity();
  for (std::size_t token = 0; token < logits.size(); ++token) {
    if (!(logits[token] > worst)) continue;
    if (heap.size() == k) {
      std::pop_heap(heap.begin(), heap.end(), is_better);
      heap.pop_back();
    }
    heap.push_back({static_cast<TokenId>(token), logits[token], 0});
    std::push_heap(heap.begin(), heap.end(), is_better);
    if (heap.size() == k) worst = heap.front().logit;
  }
  std::sort_heap(heap.begin(), heap.end(), is_better);
  return heap;
}

std::vector<Candidate> at_least(std::span<const float> logits, float least) {
  least = std::max(least, std::numeric_limits<float>::lowest());
  std::vector<Candidate> candidates;
  for (std::size_t token = 0; token < logits.size(); ++token) {
    if (logits[token] >= least) candidates.push_back({static_cast<TokenId>(token), logits[token], 0});
  }
  return candidates;
}

double total_weight(std::span<const Candidate> candidates) {
  double total = 0;
  for (const Candidate& candidate : candidates) total += candidate.weight;
  return total;
}

void cut_top_p(std::vector<Candidate>& candidates, double p, double total) {
  // A function object, which is inlined; a pointer to the function is not.
  keep_until(candidates, p * total, [](const Candidate& a, const Candidate& b) { return is_better(a, b); });
}

void cut_typical(std::vector<Candidate>& candidates, double p) {
  // With probability w / total, the information of a token is ln(total) - ln(w), and the entropy is its mean.
  const double total = total_weight(candidates);
  const double log_total = std::log(total);
  double entropy = 0;
  for (const Candidate& candidate : candidates) {
    if (candidate.weight > 0) entropy += candidate.weight / total * (log_total - std::log(candidate.weight));
  }
  float best = -std::numeric_limits<float>::infinity();
  for (const Candidate& candidate : candidates) best = std::max(best, candidate.logit);
  const auto distance = [&](const Candidate& candidate) {
    const double log_weight = static_cast<double>(candidate.logit) - static_cast<double>(best);
    return std::abs(log_total - log_weight - entropy);
  };
  keep_until(candidates, p * total, [&](const Candidate& a, const Candidate& b) {
    const double left = distance(a);
    const double right = distance(b);
    return left < right || (left == right && a.token < b.token);
  });
}

void cut_min_p(std::vector<Candidate>& candidates, double min_p) {
  double best = 0;
  for (const Candidate& candidate : candidates) best = std::max(best, candidate.weight);
  std::erase_if(candidates, [&](const Candidate& candidate) { return candidate.weight < min_p * best; });
}

std::vector<Candidate> survivors(std::span<const float> logits, const SamplingOptions& options, float largest) {
  const double p = static_cast<double>(options.top_p);
  const double typical_p = static_cast<double>(options.typical_p);
  std::vector<Candidate> candidates;
  double total = 0;
  const bool has_top_k = options.top_k > 0 && options.top_k < logits.size();
  if (!has_top_k && p < 1 && typical_p >= 1) {
    total = row_total(logits, largest);
    candidates = likely(logits, p, total, largest);
  } else {
    const float least = typical_p < 1 ? std::numeric_limits<float>::lowest() : least_for_draw(options, largest);
    candidates = has_top_k ? best_of(logits, options.top_k) : at_least(logits, least);
    weigh(candidates, largest);
  }
  if (typical_p < 1) cut_typical(candidates, typical_p);
  if (p < 1) cut_top_p(candidates, p, total > 0 ? total : total_weight(candidates));
  if (options.min_p > 0) cut_min_p(candidates, static_cast<double>(options.min_p));
  return candidates;
}

}  // namespace sixfold::engine
