// From a classifier's numbers to probabilities.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

namespace sixfold::service {

inline double sigmoid(double number) {
  return 1 / (1 + std::exp(-number));
}

// Softmax; of a single class the sigmoid.
inline std::vector<double> probabilities_of(const std::vector<float>& scores) {
  std::vector<double> out(scores.begin(), scores.end());
  if (out.size() == 1) return {sigmoid(out.front())};
  const double largest = *std::max_element(out.begin(), out.end());
  double sum = 0;
  for (double& value : out) sum += value = std::exp(value - largest);
  for (double& value : out) value /= sum;
  return out;
}

}  // namespace sixfold::service
