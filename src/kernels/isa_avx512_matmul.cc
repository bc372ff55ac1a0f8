// Matrix products with AVX-512 and VNNI: one vector serves all 16 rows of a tile.
#include <immintrin.h>

#include "kernels/matmul_table.h"

namespace sixfold::kernels {
namespace {

#include "kernels/body/matmul_common.inc"

constexpr std::size_t kRows = 16;
constexpr CodeForm kForm = CodeForm::kShifted;
constexpr std::size_t kTokensMax[] = {12, 16, 16, 12};
constexpr std::size_t kWidthMax = 2;
constexpr bool kUnpacksLate = false;

using Codes = __m512i;
using Ints = __m512i;
using Pairs = __m512i;
using PairSums = __m512i;
using Floats = __m512;

// Loads stay in the order in which they are written: hardware prefetches only what is touched in the order of memory,
// and a compiler prefers another (one token of Q4_K and Q6_K 1.05, two of Q5_0 2.5 times as fast).
SIXFOLD_INLINE Codes load_codes(const std::byte* at) {
  Codes codes = _mm512_loadu_si512(at);
  asm volatile("" : "+v"(codes));
  return codes;
}
template <std::uint8_t kMask>
SIXFOLD_INLINE Codes and_mask(Codes a) {
  return _mm512_and_si512(a, _mm512_set1_epi8(static_cast<char>(kMask)));
}
template <std::size_t kCount>
SIXFOLD_INLINE Codes shift_left(Codes a) {
  return _mm512_slli_epi16(a, kCount);
}
template <std::size_t kCount>
SIXFOLD_INLINE Codes shift_right(Codes a) {
  return _mm512_srli_epi16(a, kCount);
}
SIXFOLD_INLINE Codes or_codes(Codes a, Codes b) {
  return _mm512_or_si512(a, b);
}
SIXFOLD_INLINE Codes flip_sign(Codes a) {
  return _mm512_xor_si512(a, _mm512_set1_epi8(-128));
}
// kNonlinear + 128.
SIXFOLD_INLINE Codes lookup(Codes index) {
  const __m128i table = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kNonlinear));
  return _mm512_shuffle_epi8(flip_sign(_mm512_broadcast_i32x4(table)), index);
}

SIXFOLD_INLINE Ints zero_ints() {
  return _mm512_setzero_si512();
}
SIXFOLD_INLINE Ints broadcast(std::int32_t a) {
  return _mm512_set1_epi32(a);
}
SIXFOLD_INLINE Floats to_float(Ints a) {
  return _mm512_cvtepi32_ps(a);
}
SIXFOLD_INLINE Floats zero() {
  return _mm512_setzero_ps();
}
SIXFOLD_INLINE Floats broadcast(float a) {
  return _mm512_set1_ps(a);
}
SIXFOLD_INLINE Floats load(const float* at) {
  return _mm512_loadu_ps(at);
}
SIXFOLD_INLINE void store(float* at, Floats a) {
  _mm512_storeu_ps(at, a);
}
SIXFOLD_INLINE Floats mul(Floats a, Floats b) {
  return _mm512_mul_ps(a, b);
}
SIXFOLD_INLINE Floats fma(Floats a, Floats b, Floats c) {
  return _mm512_fmadd_ps(a, b, c);
}
SIXFOLD_INLINE Floats negate(Floats a) {
  return _mm512_sub_ps(_mm512_set1_ps(-0.0f), a);
}
SIXFOLD_INLINE Floats load_f16(const std::byte* at) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
}
SIXFOLD_INLINE Floats load_bf16_even(const std::byte* at) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_loadu_si512(at), 16));
}
SIXFOLD_INLINE Floats load_bf16_odd(const std::byte* at) {
  return _mm512_castsi512_ps(_mm512_andnot_si512(_mm512_set1_epi32(0xffff), _mm512_loadu_si512(at)));
}
SIXFOLD_INLINE Floats load_u8(const std::byte* at) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))));
}
SIXFOLD_INLINE Floats load_i8(const std::byte* at) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))));
}

SIXFOLD_INLINE Pairs load_u8_pairs(const std::byte* at) {
  return _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
}
SIXFOLD_INLINE Pairs load_high_nibble_pairs(const std::byte* at) {
  return _mm512_srli_epi16(load_u8_pairs(at), 4);
}
SIXFOLD_INLINE void load_low_nibble_pairs(const std::byte* at, Floats (&values)[2]) {
  const Pairs pairs = load_u8_pairs(at);
  const __m512i low_nibble = _mm512_set1_epi32(0x0f);
  values[0] = _mm512_cvtepi32_ps(_mm512_and_si512(pairs, low_nibble));
  values[1] = _mm512_cvtepi32_ps(_mm512_and_si512(_mm512_srli_epi32(pairs, 16), low_nibble));
}
SIXFOLD_INLINE Ints dot_pairs(Ints sum, Pairs a, std::int32_t x) {
  return _mm512_dpwssd_epi32(sum, a, _mm512_set1_epi32(x));
}

SIXFOLD_INLINE Pairs load_pairs(const std::byte* at) {
  return _mm512_loadu_si512(at);
}
SIXFOLD_INLINE PairSums zero_pair_sums() {
  return _mm512_setzero_si512();
}
// In assembly for the reason given at add_products.
SIXFOLD_INLINE PairSums add_pair_products(PairSums sum, Pairs weights, const std::int32_t* pair) {
  asm("vpdpwssd %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(weights), "m"(*pair));
  return sum;
}
SIXFOLD_INLINE Ints total_of(PairSums sum) {
  return sum;
}

// Asks for what lies ahead of the kCount bytes at `at` in the stream.  Chosen on a Zen 4 whose cores read 30 GB/s each.
// Up to two tokens of codes, and 2 to 4 of bytes and of larger weights, leave so little work for each line that the
// processor's own prefetching is best (with this, one token of 4-bit codes takes 1.4 times as long, 4 of F16 1.2
// times); one token of bytes or F16 is faster with it all the same (1.06 times).  More tokens keep the core busy
// between misses: there, asking far ahead frees the few first-level miss buffers (8 tokens of bytes: 0.7 times the
// time).
template <Format kFormat, std::size_t kCount, std::size_t kTokens>
SIXFOLD_INLINE void prefetch(const std::byte* at) {
  constexpr std::size_t kBits = traits_of(kFormat).bits;
  constexpr bool kIsAlone = kTokens == 1 && kBits >= 8 && !is_float(kFormat);
  if constexpr (kIsAlone || kTokens > (kBits < 8 ? 2 : 4)) {
    unroll<(kCount + 63) / 64>([&](auto line) SIXFOLD_INLINE_LAMBDA {
      const char* address = reinterpret_cast<const char*>(at) + 64 * line;
      _mm_prefetch(address + 8192, _MM_HINT_T1);
      _mm_prefetch(address + 2048, _MM_HINT_T0);
    });
  }
}

// In assembly, because GCC 12 loads the word that is broadcast with an instruction of its own, which nearly doubles
// their number.
SIXFOLD_INLINE Ints add_products(Ints sum, Codes codes, const std::int32_t* word) {
  asm("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(codes), "m"(*word));
  return sum;
}

// codes: unsigned; x: [4 * kCount] i8.
template <bool kSigned, std::size_t kBits, std::size_t kCount>
SIXFOLD_INLINE Ints dot(Ints sum, const Codes* codes, const std::int8_t* x) {
  static_assert(!kSigned);
  const auto* words = reinterpret_cast<const std::int32_t*>(x);
  unroll<kCount>([&](auto g) SIXFOLD_INLINE_LAMBDA { sum = add_products(sum, codes[g], words + g); });
  return sum;
}

// As integers, magnitudes compare like floats, and what is not finite is largest.
inline std::int32_t largest_bits(const float* x) {
  const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
  const __m512i low = _mm512_and_si512(_mm512_loadu_si512(x), magnitude);
  const __m512i high = _mm512_and_si512(_mm512_loadu_si512(x + 16), magnitude);
  return _mm512_reduce_max_epi32(_mm512_max_epi32(low, high));
}

// Codes of 32 values and the sums of both halves; zeros if there is no inverse.
inline void round_block(const float* x, float inverse, std::int8_t* codes, std::int32_t (&sums)[2]) {
  __m512i first = _mm512_setzero_si512();
  __m512i second = _mm512_setzero_si512();
  if (inverse > 0.0f) {
    first = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x), _mm512_set1_ps(inverse)));
    second = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x + 16), _mm512_set1_ps(inverse)));
  }
  const __m256i all = _mm256_set_m128i(_mm512_cvtsepi32_epi8(second), _mm512_cvtsepi32_epi8(first));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(codes), all);
  __m256i halves = _mm256_dpbusd_epi32(_mm256_setzero_si256(), _mm256_set1_epi8(1), all);  // sums of four codes
  halves = _mm256_add_epi32(halves, _mm256_shuffle_epi32(halves, 0b01'00'11'10));
  halves = _mm256_add_epi32(halves, _mm256_shuffle_epi32(halves, 0b10'11'00'01));
  sums[0] = _mm256_cvtsi256_si32(halves);
  sums[1] = _mm_cvtsi128_si32(_mm256_extracti128_si256(halves, 1));
}

// 32 codes of 16 bits.
inline void round_pairs(const float* x, float inverse, std::int32_t (&words)[kBlockPairs]) {
  unroll<2>([&](auto half) SIXFOLD_INLINE_LAMBDA {
    const __m512i codes = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x + 16 * half), _mm512_set1_ps(inverse)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(words + 8 * half), _mm512_cvtsepi32_epi16(codes));
  });
}

#include "kernels/body/matmul_fixed.inc"
#include "kernels/body/matmul_float.inc"
#include "kernels/body/matmul_int8.inc"
#include "kernels/body/matmul_table.inc"

}  // namespace

extern const MatmulTable avx512_matmul;
const MatmulTable avx512_matmul = kTable;

}  // namespace sixfold::kernels
