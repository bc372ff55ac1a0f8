// One version for every instruction set: it runs once a model, as fast as a disk reads.
// Source of the rounding: ggml's reference quantizers, whose files the tests compare with.
#include "kernels/quantize.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>

#include "core/check.h"
#include "kernels/vector_ops.h"
#include "tensor/block_layout.h"

namespace sixfold::kernels {
namespace {

constexpr float kF16Max = 65504;

// The element that is farthest from 0, the first of several.  NaN when one is NaN.
float extreme(const float* x) {
  float found = 0;
  for (std::size_t i = 0; i < block::kSmall; ++i) {
    if (!(std::abs(x[i]) <= std::abs(found))) found = x[i];
    if (std::isnan(found)) return found;
  }
  return found;
}

void store_scale(float scale, block::F16& out) {
  std::uint16_t half = 0;
  f32_to_f16(&scale, 1, &half);
  std::memcpy(out, &half, sizeof half);
}

// Elements are divided by the scale before it is rounded to f16.
bool quantize_block(const float* x, block::Q8_0& out) {
  const float scale = std::abs(extreme(x)) / 127;
  if (!(scale <= kF16Max)) return false;
  store_scale(scale, out.d);
  const float inverse = scale != 0 ? 1 / scale : 0;
  if (std::isinf(inverse)) {  // all elements are next to nothing
    std::fill(std::begin(out.quants), std::end(out.quants), std::int8_t{0});
    return true;
  }
  for (std::size_t i = 0; i < block::kSmall; ++i) out.quants[i] = static_cast<std::int8_t>(std::round(x[i] * inverse));
  return true;
}

// Codes 0 to 15 stand for -8 to 7: the extreme element becomes -8, so the scale has the other sign.
bool quantize_block(const float* x, block::Q4_0& out) {
  const float scale = extreme(x) / -8;
  if (!(std::abs(scale) <= kF16Max)) return false;
  store_scale(scale, out.d);
  float inverse = scale != 0 ? 1 / scale : 0;
  if (std::isinf(inverse)) inverse = 0;
  const auto code = [&](float value) { return std::min(15, static_cast<int>(value * inverse + 8.5f)); };
  for (std::size_t i = 0; i < block::kSmall / 2; ++i) {
    out.nibbles[i] = static_cast<std::uint8_t>(code(x[i]) | code(x[i + block::kSmall / 2]) << 4);
  }
  return true;
}

template <class Block>
bool quantize_all(const float* source, std::size_t count, std::byte* out) {
  SIXFOLD_CHECK(count % block::kSmall == 0);
  for (std::size_t i = 0; i < count; i += block::kSmall) {
    Block made;
    if (!quantize_block(source + i, made)) return false;
    std::memcpy(out + i / block::kSmall * sizeof made, &made, sizeof made);
  }
  return true;
}

bool round_to_bf16(const float* source, std::size_t count, std::byte* out) {
  constexpr std::uint16_t kNotFinite = 0x7f80;
  std::uint16_t halves[256];
  for (std::size_t first = 0; first < count; first += std::size(halves)) {
    const std::size_t part = std::min(std::size(halves), count - first);
    f32_to_bf16(source + first, part, halves);
    const auto is_bad = [](std::uint16_t half) { return (half & kNotFinite) == kNotFinite; };
    if (std::any_of(halves, halves + part, is_bad)) return false;
    std::memcpy(out + first * sizeof halves[0], halves, part * sizeof halves[0]);
  }
  return true;
}

}  // namespace

bool can_quantize(DType dtype) {
  return dtype == DType::kQ8_0 || dtype == DType::kQ4_0 || dtype == DType::kBF16;
}

bool quantize(DType dtype, const float* source, std::size_t count, std::byte* out) {
  SIXFOLD_CHECK(can_quantize(dtype));
  if (dtype == DType::kBF16) return round_to_bf16(source, count, out);
  return dtype == DType::kQ8_0 ? quantize_all<block::Q8_0>(source, count, out)
                               : quantize_all<block::Q4_0>(source, count, out);
}

}  // namespace sixfold::kernels
