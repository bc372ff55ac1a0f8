// The functions between the products of a feed-forward block.
// Read by the isa_*.cc files: nothing here may need an inline function of the standard library (see check_weak.sh).
#pragma once
#include <cstddef>
#include <cstdint>

namespace sixfold::kernels {

enum class Activation : std::uint8_t {
  kNone,
  kSilu,      // x / (1 + e^-x).  arXiv:1702.03118
  kGeluTanh,  // x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).  arXiv:1606.08415, section 2
  kGeluErf,   // x / 2 (1 + erf(x / sqrt(2))): the exact GELU
};
constexpr std::size_t kActivationCount = 4;

}  // namespace sixfold::kernels
