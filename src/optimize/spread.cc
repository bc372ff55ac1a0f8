// Sorts and picks.
#include "optimize/spread.h"

#include <algorithm>

#include "core/check.h"

namespace sixfold::optimize {

Spread spread_of(std::vector<double> values) {
  SIXFOLD_CHECK(!values.empty());
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  const double median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {median, values.front(), values.back()};
}

}  // namespace sixfold::optimize
