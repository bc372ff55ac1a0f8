// Running means of logarithms: a machine that is twice as slow moves every estimate by the same distance.
#include "engine/step_times.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace sixfold::engine {
namespace {

constexpr double kSecondsMin = 1e-9;  // clocks may stand still
constexpr double kSurpriseMax = 1.0;  // natural log: a stalled step counts as one 2.7 times as slow
// The share of a surprise that is put down to the machine, and to the number of rows once that is well known.  Far
// apart: with one number of rows in use for long, a slower machine must not look like dearer rows.
constexpr double kDriftShare = 0.2;
constexpr double kRowsShareMin = 0.02;

}  // namespace

void StepTimes::add(std::size_t rows, double seconds) {
  ++steps_;
  const double log_seconds = std::log(std::max(seconds, kSecondsMin));
  Estimate& estimate = estimates_[key(rows)];
  if (estimate.count++ == 0) {
    estimate.log_seconds = log_seconds - drift_;
  } else {
    const double surprise = std::clamp(log_seconds - drift_ - estimate.log_seconds, -kSurpriseMax, kSurpriseMax);
    estimate.log_seconds += surprise * std::max(kRowsShareMin, 1 / static_cast<double>(estimate.count));
    drift_ += surprise * kDriftShare;
  }
  estimate.last_step = steps_;
}

double StepTimes::known_seconds(const Estimate& estimate) const {
  const double age = static_cast<double>(steps_ - estimate.last_step);
  return std::exp(estimate.log_seconds + drift_) * (1 - std::min(0.5, options_.doubt * age));
}

// Seconds a row beyond the known numbers.
double StepTimes::slope() const {
  const auto& [fewest, least] = *estimates_.begin();
  const auto& [most, largest] = *estimates_.rbegin();
  if (fewest == most) return options_.growth * known_seconds(least) / static_cast<double>(fewest);
  return std::max(0.0, (known_seconds(largest) - known_seconds(least)) / static_cast<double>(most - fewest));
}

double StepTimes::seconds(std::size_t rows) const {
  if (estimates_.empty()) return 0;
  rows = key(rows);
  const auto next = estimates_.lower_bound(rows);
  if (next != estimates_.end() && next->first == rows) return known_seconds(next->second);
  if (next == estimates_.end()) {
    const auto& [most, estimate] = *estimates_.rbegin();
    return known_seconds(estimate) + slope() * static_cast<double>(rows - most);
  }
  const double above = known_seconds(next->second);
  if (next == estimates_.begin()) {
    return std::max(kSecondsMin, above - slope() * static_cast<double>(next->first - rows));
  }
  const auto& [fewer, estimate] = *std::prev(next);
  const double below = known_seconds(estimate);
  const double share = static_cast<double>(rows - fewer) / static_cast<double>(next->first - fewer);
  return below + (above - below) * share;
}

}  // namespace sixfold::engine
