// Frequencies of RoPE (arXiv:2104.09864) with linear (arXiv:2306.15595) and YaRN (arXiv:2309.00071) scaling.
// Angles are computed in double: at position 100,000 a float angle would be off by half a percent of a radian.
#include "model/rope_table.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <numbers>

#include "core/check.h"
#include "core/error.h"

namespace sixfold::model {
namespace {

// Rows are made for this many positions at once, so that decoding does not grow the table at every token.
constexpr std::size_t kRowsAtOnce = 256;

// The (real-valued) pair whose wave turns `rotations` times within the original context.  arXiv:2309.00071,
// section 3.2.
double pair_of_rotations(const RopeParameters& rope, double rotations) {
  const double wave = static_cast<double>(rope.context_original) / (rotations * 2 * std::numbers::pi);
  return static_cast<double>(rope.dimensions) * std::log(wave) / (2 * std::log(rope.base));
}

// How much of each pair keeps its original frequency: 1 for fast waves, 0 for slow ones, linear in between.
class YarnRamp {
 public:
  YarnRamp() = default;  // no pair keeps its frequency: linear scaling
  explicit YarnRamp(const RopeParameters& rope)
      : first_(std::max(0.0, std::floor(pair_of_rotations(rope, rope.beta_fast)))),
        last_(std::min(static_cast<double>(rope.dimensions - 1), std::ceil(pair_of_rotations(rope, rope.beta_slow)))) {}

  double operator()(std::size_t pair) const {
    const double width = std::max(0.001, last_ - first_);
    return 1 - std::clamp((static_cast<double>(pair) - first_) / width, 0.0, 1.0);
  }

 private:
  double first_ = -1;
  double last_ = -1;
};

}  // namespace

RopeTable::RopeTable(const RopeParameters& rope, std::vector<float> frequency_factors, std::size_t context)
    : context_(context), frequencies_(rope.dimensions / 2) {
  SIXFOLD_CHECK(frequency_factors.empty() || frequency_factors.size() == frequencies_.size());
  const bool is_yarn = rope.scaling == RopeScaling::kYarn;
  const YarnRamp ramp = is_yarn ? YarnRamp(rope) : YarnRamp();
  for (std::size_t pair = 0; pair < frequencies_.size(); ++pair) {
    const double exponent = -2 * static_cast<double>(pair) / static_cast<double>(rope.dimensions);
    double frequency = std::pow(rope.base, exponent);
    if (!frequency_factors.empty()) frequency /= static_cast<double>(frequency_factors[pair]);
    const double kept = rope.extrapolation_mix * ramp(pair);
    frequencies_[pair] = frequency * kept + frequency / rope.factor * (1 - kept);
  }
  magnitude_ = rope.attention_factor;
  if (is_yarn && rope.extrapolation_mix != 0) magnitude_ *= 1 + 0.1 * std::log(rope.factor);
}

Status RopeTable::reserve(std::size_t positions) {
  if (positions <= positions_) return ok();
  SIXFOLD_CHECK(positions <= context_);
  const std::size_t wanted = std::min(context_, (positions + kRowsAtOnce - 1) / kRowsAtOnce * kRowsAtOnce);
  try {
    values_.resize(wanted * pairs() * 2);
  } catch (const std::bad_alloc&) {
    return resource_exhausted("RoPE table of {} positions: no memory", wanted);
  }
  for (; positions_ < wanted; ++positions_) {
    float* out = values_.data() + positions_ * pairs() * 2;
    for (const double frequency : frequencies_) {
      const double angle = static_cast<double>(positions_) * frequency;
      *out++ = static_cast<float>(std::cos(angle) * magnitude_);
      *out++ = static_cast<float>(std::sin(angle) * magnitude_);
    }
  }
  return ok();
}

}  // namespace sixfold::model
