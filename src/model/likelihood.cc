// Sums in double: a text has too many tokens for float.
#include "model/likelihood.h"

#include <algorithm>
#include <cmath>

namespace sixfold::model {

double log_sum_exp(std::span<const float> logits) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - largest);
  return std::log(sum) + largest;
}

double negative_log_likelihood(std::span<const float> logits, TokenId token) {
  return log_sum_exp(logits) - static_cast<double>(logits[static_cast<std::size_t>(token)]);
}

void LikelihoodScore::add(double negative_log_likelihood) {
  sum += negative_log_likelihood;
  sum_of_squares += negative_log_likelihood * negative_log_likelihood;
  ++count;
}

Perplexity LikelihoodScore::perplexity(std::size_t chunks) const {
  const double n = static_cast<double>(count);
  const double mean = sum / n;
  const double variance = std::max(0.0, sum_of_squares / n - mean * mean);
  const double value = std::exp(mean);
  // d exp(mean) = exp(mean) d mean
  const double error = count > 1 ? value * std::sqrt(variance / (n - 1)) : 0;
  return {.value = value, .standard_error = error, .tokens_scored = count, .chunks = chunks};
}

}  // namespace sixfold::model
