// Matrix products with AVX2: one vector serves half of a tile's 16 rows.
#include <immintrin.h>

#include "kernels/matmul_table.h"

namespace sixfold::kernels {
namespace {

#include "kernels/body/matmul_common.inc"

constexpr std::size_t kRows = 8;
constexpr CodeForm kForm = CodeForm::kRaw;
constexpr std::size_t kTokensMax[] = {4, 4, 4};
constexpr std::size_t kWidthMax = 1;

using Codes = __m256i;
using Ints = __m256i;
using Pairs = __m256i;
using Floats = __m256;

SIXFOLD_INLINE Codes load_codes(const std::byte* at) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}
template <std::uint8_t kMask>
SIXFOLD_INLINE Codes and_mask(Codes a) {
  return _mm256_and_si256(a, _mm256_set1_epi8(static_cast<char>(kMask)));
}
template <std::size_t kCount>
SIXFOLD_INLINE Codes shift_left(Codes a) {
  return _mm256_slli_epi16(a, kCount);
}
template <std::size_t kCount>
SIXFOLD_INLINE Codes shift_right(Codes a) {
  return _mm256_srli_epi16(a, kCount);
}
SIXFOLD_INLINE Codes or_codes(Codes a, Codes b) {
  return _mm256_or_si256(a, b);
}
SIXFOLD_INLINE Codes flip_sign(Codes a) {
  return _mm256_xor_si256(a, _mm256_set1_epi8(-128));
}
SIXFOLD_INLINE Codes lookup(Codes index) {
  const __m128i table = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kNonlinear));
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), index);
}

SIXFOLD_INLINE Ints zero_ints() {
  return _mm256_setzero_si256();
}
SIXFOLD_INLINE Ints broadcast(std::int32_t a) {
  return _mm256_set1_epi32(a);
}
SIXFOLD_INLINE Floats to_float(Ints a) {
  return _mm256_cvtepi32_ps(a);
}
SIXFOLD_INLINE Floats zero() {
  return _mm256_setzero_ps();
}
SIXFOLD_INLINE Floats broadcast(float a) {
  return _mm256_set1_ps(a);
}
SIXFOLD_INLINE Floats load(const float* at) {
  return _mm256_loadu_ps(at);
}
SIXFOLD_INLINE void store(float* at, Floats a) {
  _mm256_storeu_ps(at, a);
}
SIXFOLD_INLINE Floats mul(Floats a, Floats b) {
  return _mm256_mul_ps(a, b);
}
SIXFOLD_INLINE Floats fma(Floats a, Floats b, Floats c) {
  return _mm256_fmadd_ps(a, b, c);
}
SIXFOLD_INLINE Floats negate(Floats a) {
  return _mm256_xor_ps(a, _mm256_set1_ps(-0.0f));
}
SIXFOLD_INLINE Floats load_f16(const std::byte* at) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
}
SIXFOLD_INLINE Floats load_bf16_even(const std::byte* at) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(load_codes(at), 16));
}
SIXFOLD_INLINE Floats load_bf16_odd(const std::byte* at) {
  return _mm256_castsi256_ps(_mm256_andnot_si256(_mm256_set1_epi32(0xffff), load_codes(at)));
}
SIXFOLD_INLINE Floats load_u8(const std::byte* at) {
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(at))));
}
SIXFOLD_INLINE Floats load_i8(const std::byte* at) {
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(at))));
}

SIXFOLD_INLINE Pairs load_u8_pairs(const std::byte* at) {
  return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
}
SIXFOLD_INLINE Pairs load_high_nibble_pairs(const std::byte* at) {
  return _mm256_srli_epi16(load_u8_pairs(at), 4);
}
SIXFOLD_INLINE void load_low_nibble_pairs(const std::byte* at, Floats (&values)[2]) {
  const Pairs pairs = load_u8_pairs(at);
  const __m256i low_nibble = _mm256_set1_epi32(0x0f);
  values[0] = _mm256_cvtepi32_ps(_mm256_and_si256(pairs, low_nibble));
  values[1] = _mm256_cvtepi32_ps(_mm256_and_si256(_mm256_srli_epi32(pairs, 16), low_nibble));
}
SIXFOLD_INLINE Ints dot_pairs(Ints sum, Pairs a, std::int32_t x) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(a, _mm256_set1_epi32(x)));
}

// Asks for the kCount bytes that lie some kilobytes ahead in the stream.
template <Format kFormat, std::size_t kCount, std::size_t kTokens>
SIXFOLD_INLINE void prefetch(const std::byte* at) {
  constexpr std::size_t kAhead = 4096;
  unroll<(kCount + 63) / 64>([&](auto line) SIXFOLD_INLINE_LAMBDA {
    _mm_prefetch(reinterpret_cast<const char*>(at) + kAhead + 64 * line, _MM_HINT_T0);
  });
}

// Groups whose 16-bit products can be added before they are widened, for unsigned codes below 2^bits and |x| <= 127:
// groups * 2 * (2^bits - 1) * 127 must not exceed 32767.
constexpr std::size_t groups_per_widening(std::size_t bits) {
  return bits <= 4 ? 8 : bits == 5 ? 4 : 2;
}

// codes: signed, or unsigned and of at most 6 bits.  x: [4 * kCount] i8.
template <bool kSigned, std::size_t kBits, std::size_t kCount>
SIXFOLD_INLINE Ints dot(Ints sum, const Codes* codes, const std::int8_t* x) {
  static_assert(kSigned || kBits <= 6);
  const auto* words = reinterpret_cast<const std::int32_t*>(x);
  const __m256i ones = _mm256_set1_epi16(1);
  if constexpr (kSigned) {
    // |code| * (x with code's sign) fits: 2 * 128 * 127 < 32768, which 2 * 255 * 127 would not.
    unroll<kCount>([&](auto g) SIXFOLD_INLINE_LAMBDA {
      const __m256i signed_x = _mm256_sign_epi8(_mm256_set1_epi32(words[g]), codes[g]);
      const __m256i products = _mm256_maddubs_epi16(_mm256_abs_epi8(codes[g]), signed_x);
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(products, ones));
    });
  } else {
    constexpr std::size_t kTogether = groups_per_widening(kBits) < kCount ? groups_per_widening(kBits) : kCount;
    unroll<kCount / kTogether>([&](auto part) SIXFOLD_INLINE_LAMBDA {
      constexpr std::size_t kFirst = part * kTogether;
      __m256i products = _mm256_maddubs_epi16(codes[kFirst], _mm256_set1_epi32(words[kFirst]));
      unroll<kTogether - 1>([&](auto i) SIXFOLD_INLINE_LAMBDA {
        constexpr std::size_t kGroup = kFirst + 1 + i;
        products = _mm256_add_epi16(products, _mm256_maddubs_epi16(codes[kGroup], _mm256_set1_epi32(words[kGroup])));
      });
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(products, ones));
    });
  }
  return sum;
}

inline std::int32_t sum_of(__m256i a) {
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1)));
}

inline std::int32_t max_of(__m256i a) {
  __m128i max = _mm_max_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
  max = _mm_max_epi32(max, _mm_shuffle_epi32(max, 0x4e));
  return _mm_cvtsi128_si32(_mm_max_epi32(max, _mm_shuffle_epi32(max, 0xb1)));
}

// As integers, magnitudes compare like floats, and what is not finite is largest.
inline std::int32_t largest_bits(const float* x) {
  const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
  __m256i largest = _mm256_setzero_si256();
  unroll<4>([&](auto i) SIXFOLD_INLINE_LAMBDA {
    const __m256i bits = _mm256_castps_si256(_mm256_loadu_ps(x + 8 * i));
    largest = _mm256_max_epi32(largest, _mm256_and_si256(bits, magnitude));
  });
  return max_of(largest);
}

// Codes of 32 values and the sums of both halves; zeros if there is no inverse.
inline void round_block(const float* x, float inverse, std::int8_t* codes, std::int32_t (&sums)[2]) {
  __m256i rounded[4] = {};
  if (inverse > 0.0f) {
    unroll<4>([&](auto i) SIXFOLD_INLINE_LAMBDA {
      rounded[i] = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + 8 * i), _mm256_set1_ps(inverse)));
    });
  }
  // Packing works within 128-bit lanes; the permutation puts the words back in order.
  const __m256i low = _mm256_packs_epi32(rounded[0], rounded[1]);
  const __m256i high = _mm256_packs_epi32(rounded[2], rounded[3]);
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  const __m256i packed = _mm256_permutevar8x32_epi32(_mm256_packs_epi16(low, high), order);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(codes), packed);
  sums[0] = sum_of(_mm256_add_epi32(rounded[0], rounded[1]));
  sums[1] = sum_of(_mm256_add_epi32(rounded[2], rounded[3]));
}

#include "kernels/body/matmul_float.inc"
#include "kernels/body/matmul_int8.inc"
#include "kernels/body/matmul_table.inc"

}  // namespace

extern const MatmulTable avx2_matmul;
const MatmulTable avx2_matmul = kTable;

}  // namespace sixfold::kernels
