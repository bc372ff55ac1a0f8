// How far a model's predictions are from a reference's: what quantization, pruning or integer arithmetic cost.
#pragma once
#include <cstddef>
#include <span>

#include "core/result.h"
#include "model/evaluate.h"

namespace sixfold::model {

// Over all scored positions.  KL: the Kullback-Leibler divergence of the model's distribution from the reference's,
// sum_i p_i ln(p_i / q_i) with p the reference's, in nats.
struct Divergence {
  double mean = 0;
  double standard_error = 0;  // of the mean
  double median = 0;
  double percentile_99 = 0;
  double largest = 0;
  double same_top = 0;  // share of positions where both have the same most likely token
  Perplexity model;
  Perplexity reference;
};

// Runs both models over the same chunks and positions as measure_perplexity; progress gets the model's perplexity.
// Errors: as measure_perplexity; invalid_argument when the vocabularies differ in size.
Result<Divergence> measure_divergence(Model& reference, Model& model, std::span<const TokenId> tokens,
                                      const PerplexityOptions& options);

}  // namespace sixfold::model
