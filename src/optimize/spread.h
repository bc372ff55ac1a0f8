// The middle and the ends of repeated measurements.
#pragma once
#include <vector>

namespace sixfold::optimize {

struct Spread {
  double median = 0;
  double smallest = 0;
  double largest = 0;
};

Spread spread_of(std::vector<double> values);  // at least one value

}  // namespace sixfold::optimize
