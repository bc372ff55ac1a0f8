// What 16-bit floats mean.  For single values; rows are converted by kernels/vector_ops.h.
#pragma once
#include <bit>
#include <cstdint>

namespace sixfold {

// Exact.  Source: IEEE 754-2019, binary16.
constexpr float f32_from_f16(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  const std::uint32_t magnitude = half & 0x7fffu;
  if (magnitude >= 0x7c00u) return std::bit_cast<float>(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
  if (magnitude >= 0x400u) return std::bit_cast<float>(sign | ((magnitude << 13) + (112u << 23)));
  const float subnormal = static_cast<float>(magnitude) * 0x1p-24f;
  return (half & 0x8000u) != 0 ? -subnormal : subnormal;
}

// Exact: bfloat16 is the upper half of a binary32.
constexpr float f32_from_bf16(std::uint16_t half) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(half) << 16);
}

}  // namespace sixfold
