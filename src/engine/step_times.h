// How long a step takes by the number of its rows, learned from the steps that were made.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>

namespace sixfold::engine {

struct StepTimesOptions {
  // Before two numbers of rows are known, seconds beyond the known one grow with the rows by this share of proportion:
  // 0 = all steps cost the same, 1 = every row costs the same.
  double growth = 0;
  // A number of rows that was not seen for `steps` steps is believed to be cheaper by steps * doubt, at most by half:
  // one slow moment of the machine must not rule it out for ever.
  double doubt = 0;
};

// One thread: the engine's.  Bounded: one estimate for each number of rows up to 32, then one for every 16 rows.
// What changes all steps alike (a longer context, a neighbour on the memory bus, a slower clock) is learned apart from
// what a number of rows costs beside another, so that numbers measured at different times can be compared.
class StepTimes {
 public:
  explicit StepTimes(const StepTimesOptions& options) : options_(options) {}

  void add(std::size_t rows, double seconds);

  bool knows(std::size_t rows) const { return estimates_.contains(key(rows)); }
  std::size_t rows_seen_max() const { return estimates_.empty() ? 0 : estimates_.rbegin()->first; }

  // Expected; between what is known a straight line.  0 while nothing is known.
  double seconds(std::size_t rows) const;

 private:
  struct Estimate {
    double log_seconds = 0;  // beside drift_
    std::size_t count = 0;
    std::uint64_t last_step = 0;
  };
  using Estimates = std::map<std::size_t, Estimate>;
  static std::size_t key(std::size_t rows) { return rows <= 32 ? rows : (rows + 15) / 16 * 16; }
  double known_seconds(const Estimate& estimate) const;
  double slope() const;

  const StepTimesOptions options_;
  Estimates estimates_;  // by rows
  double drift_ = 0;     // natural log
  std::uint64_t steps_ = 0;
};

}  // namespace sixfold::engine
