// Cosines and sines of rotary position embedding, one row per position.
#pragma once
#include <cstddef>
#include <vector>

#include "core/result.h"
#include "model/rope_parameters.h"

namespace sixfold::model {

// Owned by the engine thread; grows when a later position is first used.
class RopeTable {
 public:
  RopeTable() = default;
  // frequency_factors: [dimensions / 2] divisors of the frequencies (Llama 3.1's rope_freqs.weight, Phi 3's long and
  // short ones), or empty.
  RopeTable(const RopeParameters& rope, std::vector<float> frequency_factors, std::size_t context);

  std::size_t pairs() const { return frequencies_.size(); }

  // Makes the rows of positions [0, positions) readable.  Errors: resource_exhausted.
  Status reserve(std::size_t positions);

  // [pairs, 2] f32: (cos, sin) of each pair.
  const float* row(std::size_t position) const { return values_.data() + position * pairs() * 2; }

 private:
  std::size_t context_ = 0;          // rows at most
  std::vector<double> frequencies_;  // [pairs] radians per position
  double magnitude_ = 1;             // of every (cos, sin) pair
  std::size_t positions_ = 0;        // rows made so far
  std::vector<float> values_;        // [positions_, pairs, 2]
};

}  // namespace sixfold::model
