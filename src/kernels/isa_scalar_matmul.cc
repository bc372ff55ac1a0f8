// Matrix products in plain C++: the reference for the others, and the fallback of any CPU.  A "vector" is an array over
// the 16 rows of a tile, which the compiler may vectorize as it likes.
#include "kernels/matmul_table.h"

namespace sixfold::kernels {
namespace {

#include "kernels/body/matmul_common.inc"

constexpr std::size_t kRows = 16;
constexpr CodeForm kForm = CodeForm::kSigned;
constexpr std::size_t kTokensMax[] = {4, 4, 4, 4};
constexpr std::size_t kWidthMax = 1;
constexpr bool kUnpacksLate = false;

struct Codes {
  std::uint8_t at[kVectorBytes];
};
struct Ints {
  std::int32_t at[kRows];
};
struct Pairs {
  std::int16_t at[kRows][2];
};
using PairSums = Ints;
struct Floats {
  float at[kRows];
};

inline Codes load_codes(const std::byte* at) {
  Codes codes;
  __builtin_memcpy(codes.at, at, sizeof codes.at);
  return codes;
}
template <std::uint8_t kMask>
inline Codes and_mask(Codes a) {
  for (std::uint8_t& code : a.at) code &= kMask;
  return a;
}
template <std::size_t kCount>
inline Codes shift_left(Codes a) {
  for (std::uint8_t& code : a.at) code = static_cast<std::uint8_t>(code << kCount);
  return a;
}
template <std::size_t kCount>
inline Codes shift_right(Codes a) {
  for (std::uint8_t& code : a.at) code = static_cast<std::uint8_t>(code >> kCount);
  return a;
}
inline Codes or_codes(Codes a, const Codes& b) {
  for (std::size_t i = 0; i < kVectorBytes; ++i) a.at[i] |= b.at[i];
  return a;
}
inline Codes flip_sign(Codes a) {
  for (std::uint8_t& code : a.at) code ^= 0x80;
  return a;
}
inline Codes lookup(Codes index) {
  for (std::uint8_t& code : index.at) code = static_cast<std::uint8_t>(kNonlinear[code & 15]);
  return index;
}

inline Ints broadcast(std::int32_t a) {
  Ints ints;
  for (std::int32_t& value : ints.at) value = a;
  return ints;
}
inline Ints zero_ints() {
  return broadcast(std::int32_t{0});
}
inline Floats broadcast(float a) {
  Floats floats;
  for (float& value : floats.at) value = a;
  return floats;
}
inline Floats zero() {
  return broadcast(0.0f);
}
inline Floats to_float(const Ints& a) {
  Floats floats;
  for (std::size_t i = 0; i < kRows; ++i) floats.at[i] = static_cast<float>(a.at[i]);
  return floats;
}
inline Floats load(const float* at) {
  Floats floats;
  __builtin_memcpy(floats.at, at, sizeof floats.at);
  return floats;
}
inline void store(float* at, const Floats& a) {
  __builtin_memcpy(at, a.at, sizeof a.at);
}
inline Floats mul(Floats a, const Floats& b) {
  for (std::size_t i = 0; i < kRows; ++i) a.at[i] *= b.at[i];
  return a;
}
// Rounds twice: this baseline has no fused instruction, and a library call per product would take far longer.
inline Floats fma(const Floats& a, const Floats& b, Floats c) {
  for (std::size_t i = 0; i < kRows; ++i) {
    const float product = a.at[i] * b.at[i];
    c.at[i] += product;
  }
  return c;
}
inline Floats negate(Floats a) {
  for (float& value : a.at) value = -value;
  return a;
}
inline float f16_value(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1fu;
  const std::uint32_t fraction = half & 0x3ffu;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * (1.0f / 16777216.0f);  // subnormal: fraction * 2^-24
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t wide_exponent = exponent == 0x1f ? 0xffu : exponent + (127 - 15);
  return __builtin_bit_cast(float, sign | (wide_exponent << 23) | (fraction << 13));
}
inline std::uint16_t load_u16(const std::byte* at) {
  std::uint16_t value;
  __builtin_memcpy(&value, at, sizeof value);
  return value;
}
inline Floats load_f16(const std::byte* at) {
  Floats floats;
  for (std::size_t i = 0; i < kRows; ++i) floats.at[i] = f16_value(load_u16(at + 2 * i));
  return floats;
}
// Of each row two bf16 lie together.
inline Floats load_bf16_even(const std::byte* at) {
  Floats floats;
  for (std::size_t i = 0; i < kRows; ++i) {
    floats.at[i] = __builtin_bit_cast(float, static_cast<std::uint32_t>(load_u16(at + 4 * i)) << 16);
  }
  return floats;
}
inline Floats load_bf16_odd(const std::byte* at) {
  return load_bf16_even(at + 2);
}
inline Floats load_u8(const std::byte* at) {
  Floats floats;
  for (std::size_t i = 0; i < kRows; ++i) floats.at[i] = static_cast<float>(at[i]);
  return floats;
}
inline Floats load_i8(const std::byte* at) {
  Floats floats;
  for (std::size_t i = 0; i < kRows; ++i) floats.at[i] = static_cast<float>(static_cast<std::int8_t>(at[i]));
  return floats;
}
inline Pairs load_u8_pairs(const std::byte* at) {
  Pairs pairs;
  for (std::size_t i = 0; i < 2 * kRows; ++i) pairs.at[i / 2][i % 2] = static_cast<std::int16_t>(at[i]);
  return pairs;
}
inline Pairs load_high_nibble_pairs(const std::byte* at) {
  Pairs pairs;
  for (std::size_t i = 0; i < 2 * kRows; ++i)
    pairs.at[i / 2][i % 2] = static_cast<std::int16_t>(static_cast<unsigned>(at[i]) >> 4);
  return pairs;
}
inline void load_low_nibble_pairs(const std::byte* at, Floats (&values)[2]) {
  for (std::size_t i = 0; i < 2 * kRows; ++i)
    values[i % 2].at[i / 2] = static_cast<float>(static_cast<unsigned>(at[i]) & 15u);
}
inline Ints dot_pairs(Ints sum, const Pairs& a, std::int32_t x) {
  const auto low = static_cast<std::int16_t>(x & 0xffff);
  const auto high = static_cast<std::int16_t>(x >> 16);
  for (std::size_t i = 0; i < kRows; ++i) sum.at[i] += a.at[i][0] * low + a.at[i][1] * high;
  return sum;
}
inline Pairs load_pairs(const std::byte* at) {
  Pairs pairs;
  __builtin_memcpy(pairs.at, at, sizeof pairs.at);
  return pairs;
}
inline PairSums zero_pair_sums() {
  return zero_ints();
}
inline PairSums add_pair_products(const PairSums& sum, const Pairs& weights, const std::int32_t* pair) {
  return dot_pairs(sum, weights, *pair);
}
inline Ints total_of(const PairSums& sum) {
  return sum;
}
template <Format kFormat, std::size_t kCount, std::size_t kTokens>
inline void prefetch(const std::byte* /*at*/) {}

// codes: signed, or unsigned and below 32.  x: [4 * kCount] i8.
template <bool kSigned, std::size_t kBits, std::size_t kCount>
inline Ints dot(Ints sum, const Codes* codes, const std::int8_t* x) {
  for (std::size_t g = 0; g < kCount; ++g) {
    for (std::size_t row = 0; row < kRows; ++row) {
      for (std::size_t i = 0; i < 4; ++i) {
        sum.at[row] += static_cast<std::int8_t>(codes[g].at[4 * row + i]) * x[4 * g + i];
      }
    }
  }
  return sum;
}

// Nearest, ties to even: adding 1.5 * 2^23 leaves no bits for a fraction.
inline std::int32_t round_to_int(float value) {
  constexpr float kNoFraction = 12582912.0f;
  return static_cast<std::int32_t>((value + kNoFraction) - kNoFraction);
}

inline std::int32_t largest_bits(const float* x) {
  std::int32_t largest = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const std::int32_t magnitude = __builtin_bit_cast(std::int32_t, x[i]) & 0x7fffffff;
    if (magnitude > largest) largest = magnitude;
  }
  return largest;
}

// Codes of 32 values and the sums of both halves; zeros if there is no inverse.
inline void round_block(const float* x, float inverse, std::int8_t* codes, std::int32_t (&sums)[2]) {
  sums[0] = sums[1] = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const std::int32_t code = inverse > 0.0f ? round_to_int(x[i] * inverse) : 0;
    codes[i] = static_cast<std::int8_t>(code);
    sums[i / (kBlock / 2)] += code;
  }
}

// 32 codes of 16 bits.
inline void round_pairs(const float* x, float inverse, std::int32_t (&words)[kBlockPairs]) {
  std::int16_t codes[kBlock];
  for (std::size_t i = 0; i < kBlock; ++i) codes[i] = static_cast<std::int16_t>(round_to_int(x[i] * inverse));
  __builtin_memcpy(words, codes, sizeof words);
}

#include "kernels/body/matmul_fixed.inc"
#include "kernels/body/matmul_float.inc"
#include "kernels/body/matmul_float_sums.inc"
#include "kernels/body/matmul_forms.inc"
#include "kernels/body/matmul_int8.inc"
#include "kernels/body/matmul_table.inc"

}  // namespace

extern const MatmulTable scalar_matmul;
const MatmulTable scalar_matmul = kTable;

}  // namespace sixfold::kernels
