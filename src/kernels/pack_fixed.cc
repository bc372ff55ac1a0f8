// One version for every instruction set: it runs once a model, as fast as memory takes it.
#include "kernels/pack_fixed.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>

#include "kernels/packed_layout.h"

namespace sixfold::kernels {
namespace {

constexpr int kF16FractionBits = 10;
constexpr unsigned kF16ExponentMax = 31;  // infinity and NaN
constexpr int kF16Bias = 15;
constexpr int kF32FractionBits = 23;
constexpr int kF32Bias = 127;

// Of one row: F16, or codes.
using RowOfRun = std::array<std::uint16_t, kRunInputs>;

float power_of_two(int exponent) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(exponent + kF32Bias) << kF32FractionBits);
}

// As f32_from_f16, of a finite half and without branches, so that a row is turned by vectors.  Its bits, moved to where
// F32 has them, stand for a number that is too small by 2^112, the difference of the biases; so do subnormal ones.
float value_of(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  const std::uint32_t magnitude = static_cast<std::uint32_t>(half & 0x7fffu) << (kF32FractionBits - kF16FractionBits);
  return std::bit_cast<float>(sign | magnitude) * power_of_two(kF32Bias - kF16Bias);
}

// The exponent, as F16 has it, of the largest magnitude; 1 for subnormal numbers, whose bits stand for the same.
unsigned largest_exponent(const RowOfRun& halves) {
  std::uint16_t largest = 0;
  for (const std::uint16_t half : halves) largest = std::max(largest, static_cast<std::uint16_t>(half & 0x7fffu));
  return std::max(1u, static_cast<unsigned>(largest) >> kF16FractionBits);
}

// Returns the step.
float round_row(const RowOfRun& halves, RowOfRun& codes) {
  const unsigned exponent = largest_exponent(halves);
  if (exponent == kF16ExponentMax) {
    codes.fill(1);  // any number but zero: the products become as infinite as the step
    return std::numeric_limits<float>::infinity();
  }
  const int step = static_cast<int>(exponent) - kF16Bias + 1 - static_cast<int>(kFixedBits);
  // A sum with this leaves the multiple of the step, rounded to nearest even, in its lowest bits.
  const float rounder = 1.5f * power_of_two(step + kF32FractionBits);
  for (std::size_t i = 0; i < kRunInputs; ++i) {
    codes[i] = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value_of(halves[i]) + rounder));
  }
  return power_of_two(step);
}

// The steps of all 16 rows, then `inputs` inputs of them, in whole blocks.  source: of the first row.
void pack_run(const std::byte* source, std::size_t row_bytes, std::size_t rows, std::size_t inputs, std::byte* to) {
  const std::size_t pairs = (inputs + kBlock - 1) / kBlock * kBlock / 2;
  std::memset(to, 0, kRunStepsBytes + pairs * kVectorBytes);
  for (std::size_t row = 0; row < rows; ++row) {
    RowOfRun halves = {};
    std::memcpy(halves.data(), source + row * row_bytes, inputs * sizeof halves[0]);
    RowOfRun codes;
    const float step = round_row(halves, codes);
    std::memcpy(to + row * sizeof step, &step, sizeof step);
    std::byte* pair = to + kRunStepsBytes + row * sizeof(std::uint32_t);
    for (std::size_t i = 0; i < pairs; ++i, pair += kVectorBytes)
      std::memcpy(pair, &codes[2 * i], sizeof(std::uint32_t));
  }
}

}  // namespace

void pack_fixed_tile(const std::byte* source, std::size_t rows, std::size_t cols, std::byte* tile) {
  constexpr std::size_t kElementBytes = sizeof(std::uint16_t);
  for (std::size_t first = 0; first < cols; first += kRunInputs) {
    pack_run(source + first * kElementBytes, cols * kElementBytes, rows, std::min(kRunInputs, cols - first),
             tile + run_at(first / kBlock));
  }
}

}  // namespace sixfold::kernels
