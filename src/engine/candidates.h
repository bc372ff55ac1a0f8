// The tokens that may still be drawn, and the cuts that make them fewer.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "engine/request.h"

namespace sixfold::engine {

struct Candidate {
  TokenId token = 0;
  float logit = 0;
  double weight = 0;  // exp(logit - the row's largest): a probability but for one common factor
};

// The better first; the lowest id of equals.
inline bool is_better(const Candidate& a, const Candidate& b) {
  return a.logit > b.logit || (a.logit == b.logit && a.token < b.token);
}

// The k (at least 1) best of the row, best first.  logits: [vocabulary] f32, no NaN; -inf is never a candidate.
// Cost: O(vocabulary + changes * log k): a heap of k, no copy of the row.
std::vector<Candidate> best_of(std::span<const float> logits, std::size_t k);

// All tokens whose logit is finite and at least `least`, in order of id.
std::vector<Candidate> at_least(std::span<const float> logits, float least);

double total_weight(std::span<const Candidate> candidates);

// Each keeps at least one.  The result is in no particular order, but always the same.
// Keeps the smallest set of best candidates whose share of `total` reaches p.
void cut_top_p(std::vector<Candidate>& candidates, double p, double total);
// Keeps the smallest set of candidates, closest to the distribution's entropy first, whose share reaches p.
void cut_typical(std::vector<Candidate>& candidates, double p);
// Keeps those that are at least min_p times as probable as the best.
void cut_min_p(std::vector<Candidate>& candidates, double min_p);

inline constexpr std::size_t kWeightBlock = 1024;

struct WeightScale {
  float largest = 0;  // logit of the row
  float temperature = 1;
};

// weights[i] = exp((logit[i] - largest) / temperature) for the first kWeightBlock of `logits`, or as many as there are;
// returns their sum.  NaN weighs nothing.
double weigh_block(std::span<const float> logits, const WeightScale& scale, std::span<float, kWeightBlock> weights);

// Sum of exp(logit - largest) over the row: at least 1.
double row_total(std::span<const float> logits, float largest);

// Every cut of the options, in the order of sampler.h.  logits: [vocabulary] f32, after bias and penalties, no NaN;
// largest: of them, finite.
std::vector<Candidate> survivors(std::span<const float> logits, const SamplingOptions& options, float largest);

}  // namespace sixfold::engine
