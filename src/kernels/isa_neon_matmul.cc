// Matrix products with NEON and the integer dot product of Armv8.2: one vector serves four of a tile's 16 rows.
#include <arm_neon.h>

#include "kernels/matmul_table.h"

namespace sixfold::kernels {
namespace {

#include "kernels/body/matmul_common.inc"

constexpr std::size_t kRows = 4;
constexpr CodeForm kForm = CodeForm::kSigned;
constexpr std::size_t kTokensMax[] = {8, 8, 8, 8};
constexpr std::size_t kWidthMax = 1;
constexpr bool kUnpacksLate = false;

using Codes = uint8x16_t;
using Ints = int32x4_t;
using Pairs = int16x8_t;
using Floats = float32x4_t;
// Of the even lanes of pairs beside the odd ones.
struct PairSums {
  int32x4_t low;
  int32x4_t high;
};

SIXFOLD_INLINE Codes load_codes(const std::byte* at) {
  return vld1q_u8(reinterpret_cast<const std::uint8_t*>(at));
}
template <std::uint8_t kMask>
SIXFOLD_INLINE Codes and_mask(Codes a) {
  return vandq_u8(a, vdupq_n_u8(kMask));
}
template <std::size_t kCount>
SIXFOLD_INLINE Codes shift_left(Codes a) {
  return vshlq_n_u8(a, kCount);
}
template <std::size_t kCount>
SIXFOLD_INLINE Codes shift_right(Codes a) {
  return vshrq_n_u8(a, kCount);
}
SIXFOLD_INLINE Codes or_codes(Codes a, Codes b) {
  return vorrq_u8(a, b);
}
SIXFOLD_INLINE Codes flip_sign(Codes a) {
  return veorq_u8(a, vdupq_n_u8(0x80));
}
SIXFOLD_INLINE Codes lookup(Codes index) {
  return vreinterpretq_u8_s8(vqtbl1q_s8(vld1q_s8(kNonlinear), index));
}

SIXFOLD_INLINE Ints zero_ints() {
  return vdupq_n_s32(0);
}
SIXFOLD_INLINE Ints broadcast(std::int32_t a) {
  return vdupq_n_s32(a);
}
SIXFOLD_INLINE Floats to_float(Ints a) {
  return vcvtq_f32_s32(a);
}
SIXFOLD_INLINE Floats zero() {
  return vdupq_n_f32(0.0f);
}
SIXFOLD_INLINE Floats broadcast(float a) {
  return vdupq_n_f32(a);
}
SIXFOLD_INLINE Floats load(const float* at) {
  return vld1q_f32(at);
}
SIXFOLD_INLINE void store(float* at, Floats a) {
  vst1q_f32(at, a);
}
SIXFOLD_INLINE Floats mul(Floats a, Floats b) {
  return vmulq_f32(a, b);
}
SIXFOLD_INLINE Floats fma(Floats a, Floats b, Floats c) {
  return vfmaq_f32(c, a, b);
}
SIXFOLD_INLINE Floats negate(Floats a) {
  return vnegq_f32(a);
}
SIXFOLD_INLINE Floats load_f16(const std::byte* at) {
  return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(reinterpret_cast<const std::uint16_t*>(at))));
}
SIXFOLD_INLINE Floats load_bf16_even(const std::byte* at) {
  return vreinterpretq_f32_u32(vshlq_n_u32(vld1q_u32(reinterpret_cast<const std::uint32_t*>(at)), 16));
}
SIXFOLD_INLINE Floats load_bf16_odd(const std::byte* at) {
  return vreinterpretq_f32_u32(
      vandq_u32(vld1q_u32(reinterpret_cast<const std::uint32_t*>(at)), vdupq_n_u32(0xffff0000u)));
}
// Four bytes, widened.
SIXFOLD_INLINE uint32x4_t widen_u8(uint8x8_t bytes) {
  return vmovl_u16(vget_low_u16(vmovl_u8(bytes)));
}
SIXFOLD_INLINE uint8x8_t load_four(const std::byte* at) {
  std::uint32_t word = 0;
  __builtin_memcpy(&word, at, sizeof word);
  return vreinterpret_u8_u32(vdup_n_u32(word));
}
SIXFOLD_INLINE Floats load_u8(const std::byte* at) {
  return vcvtq_f32_u32(widen_u8(load_four(at)));
}
SIXFOLD_INLINE Floats load_i8(const std::byte* at) {
  const int16x8_t wide = vmovl_s8(vreinterpret_s8_u8(load_four(at)));
  return vcvtq_f32_s32(vmovl_s16(vget_low_s16(wide)));
}

SIXFOLD_INLINE Pairs load_u8_pairs(const std::byte* at) {
  return vreinterpretq_s16_u16(vmovl_u8(vld1_u8(reinterpret_cast<const std::uint8_t*>(at))));
}
SIXFOLD_INLINE Pairs load_high_nibble_pairs(const std::byte* at) {
  return vshrq_n_s16(load_u8_pairs(at), 4);
}
SIXFOLD_INLINE void load_low_nibble_pairs(const std::byte* at, Floats (&values)[2]) {
  const uint32x4_t pairs = vreinterpretq_u32_s16(load_u8_pairs(at));
  const uint32x4_t low_nibble = vdupq_n_u32(0x0f);
  values[0] = vcvtq_f32_u32(vandq_u32(pairs, low_nibble));
  values[1] = vcvtq_f32_u32(vandq_u32(vshrq_n_u32(pairs, 16), low_nibble));
}
SIXFOLD_INLINE Ints dot_pairs(Ints sum, Pairs a, std::int32_t x) {
  const int16x8_t inputs = vreinterpretq_s16_s32(vdupq_n_s32(x));
  const int32x4_t first = vmull_s16(vget_low_s16(a), vget_low_s16(inputs));
  return vaddq_s32(sum, vpaddq_s32(first, vmull_high_s16(a, inputs)));
}

SIXFOLD_INLINE Pairs load_pairs(const std::byte* at) {
  return vld1q_s16(reinterpret_cast<const std::int16_t*>(at));
}
SIXFOLD_INLINE PairSums zero_pair_sums() {
  return {vdupq_n_s32(0), vdupq_n_s32(0)};
}
SIXFOLD_INLINE PairSums add_pair_products(PairSums sum, Pairs weights, const std::int32_t* pair) {
  const int16x8_t inputs = vreinterpretq_s16_s32(vld1q_dup_s32(pair));
  return {vmlal_s16(sum.low, vget_low_s16(weights), vget_low_s16(inputs)), vmlal_high_s16(sum.high, weights, inputs)};
}
SIXFOLD_INLINE Ints total_of(PairSums sum) {
  return vpaddq_s32(sum.low, sum.high);
}

// The processors in question follow a single stream by themselves.
template <Format kFormat, std::size_t kCount, std::size_t kTokens>
SIXFOLD_INLINE void prefetch(const std::byte* /*at*/) {}

// codes: signed, or unsigned and below 128.  x: [4 * kCount] i8.
template <bool kSigned, std::size_t kBits, std::size_t kCount>
SIXFOLD_INLINE Ints dot(Ints sum, const Codes* codes, const std::int8_t* x) {
  static_assert(kSigned || kBits < 8);
  unroll<kCount / 4>([&](auto four) SIXFOLD_INLINE_LAMBDA {
    const int8x16_t inputs = vld1q_s8(x + 16 * four);
    sum = vdotq_laneq_s32(sum, vreinterpretq_s8_u8(codes[4 * four]), inputs, 0);
    sum = vdotq_laneq_s32(sum, vreinterpretq_s8_u8(codes[4 * four + 1]), inputs, 1);
    sum = vdotq_laneq_s32(sum, vreinterpretq_s8_u8(codes[4 * four + 2]), inputs, 2);
    sum = vdotq_laneq_s32(sum, vreinterpretq_s8_u8(codes[4 * four + 3]), inputs, 3);
  });
  return sum;
}

// As integers, magnitudes compare like floats, and what is not finite is largest.
inline std::int32_t largest_bits(const float* x) {
  const uint32x4_t magnitude = vdupq_n_u32(0x7fffffff);
  uint32x4_t largest = vdupq_n_u32(0);
  unroll<8>([&](auto i) SIXFOLD_INLINE_LAMBDA {
    largest = vmaxq_u32(largest, vandq_u32(vreinterpretq_u32_f32(vld1q_f32(x + 4 * i)), magnitude));
  });
  return static_cast<std::int32_t>(vmaxvq_u32(largest));
}

// Codes of 32 values and the sums of both halves; zeros if there is no inverse.
inline void round_block(const float* x, float inverse, std::int8_t* codes, std::int32_t (&sums)[2]) {
  unroll<2>([&](auto half) SIXFOLD_INLINE_LAMBDA {
    int32x4_t rounded[4];
    unroll<4>([&](auto i) SIXFOLD_INLINE_LAMBDA {
      // What is not finite would saturate; a block with such a value has only zeros.
      const int32x4_t value = vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(x + 16 * half + 4 * i), inverse));
      rounded[i] = inverse > 0.0f ? value : vdupq_n_s32(0);
    });
    sums[half] = vaddvq_s32(vaddq_s32(vaddq_s32(rounded[0], rounded[1]), vaddq_s32(rounded[2], rounded[3])));
    const int16x8_t low = vcombine_s16(vqmovn_s32(rounded[0]), vqmovn_s32(rounded[1]));
    const int16x8_t high = vcombine_s16(vqmovn_s32(rounded[2]), vqmovn_s32(rounded[3]));
    vst1q_s8(codes + 16 * half, vcombine_s8(vqmovn_s16(low), vqmovn_s16(high)));
  });
}

// 32 codes of 16 bits.
inline void round_pairs(const float* x, float inverse, std::int32_t (&words)[kBlockPairs]) {
  unroll<4>([&](auto i) SIXFOLD_INLINE_LAMBDA {
    const int32x4_t low = vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(x + 8 * i), inverse));
    const int32x4_t high = vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(x + 8 * i + 4), inverse));
    vst1q_s32(words + 4 * i, vreinterpretq_s32_s16(vcombine_s16(vqmovn_s32(low), vqmovn_s32(high))));
  });
}

#include "kernels/body/matmul_fixed.inc"
#include "kernels/body/matmul_float.inc"
#include "kernels/body/matmul_float_sums.inc"
#include "kernels/body/matmul_forms.inc"
#include "kernels/body/matmul_int8.inc"
#include "kernels/body/matmul_table.inc"

}  // namespace

extern const MatmulTable neon_matmul;
const MatmulTable neon_matmul = kTable;

}  // namespace sixfold::kernels
