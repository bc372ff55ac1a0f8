// Likelihood of tokens under a model's logits, summed up to a perplexity.  Private to model/.
#pragma once
#include <cstddef>
#include <span>

#include "model/evaluate.h"

namespace sixfold::model {

// log sum_i exp(logits[i]), in double.
double log_sum_exp(std::span<const float> logits);

// -log softmax(logits)[token], in double.
double negative_log_likelihood(std::span<const float> logits, TokenId token);

struct LikelihoodScore {
  double sum = 0;
  double sum_of_squares = 0;
  std::size_t count = 0;

  void add(double negative_log_likelihood);
  Perplexity perplexity(std::size_t chunks) const;
};

}  // namespace sixfold::model
