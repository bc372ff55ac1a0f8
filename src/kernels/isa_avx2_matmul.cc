// Matrix products with AVX2: kernels of 8-bit integers serve a tile's 16 rows by two vectors, those of
// floats and fixed point half of them by one.
#include <immintrin.h>

#include "kernels/matmul_table.h"

namespace sixfold::kernels {
namespace {

#include "kernels/body/matmul_common.inc"

constexpr std::size_t kTokensMax[] = {4, 4, 4, 6};

// Asks for the kCount bytes that lie ahead in the stream.  Integer codes of one token, beside a loop that only reads
// (Zen 3, 2 threads), with 0 / 0.5 / 1 / 2 / 4 KiB ahead in the second level: Q8_0 0.94, 0.91, 0.96, 0.86, 0.83 of its
// speed; Q4_0 0.84, 0.90, 0.91, 0.89, 0.85; Q4_K 0.86, 0.96, 0.98, 0.98, 0.96; Q6_K 0.85, 0.95, 1.02, 1.00, 0.99.
template <Format kFormat, std::size_t kCount, std::size_t kTokens>
SIXFOLD_INLINE void prefetch(const std::byte* at) {
  constexpr bool kIsWide = is_float(kFormat) || is_fixed(kFormat);
  constexpr std::size_t kAhead = kIsWide ? 4096 : 1024;
  unroll<(kCount + 63) / 64>([&](auto line) SIXFOLD_INLINE_LAMBDA {
    const char* address = reinterpret_cast<const char*>(at) + kAhead + 64 * line;
    if constexpr (kIsWide) {
      _mm_prefetch(address, _MM_HINT_T0);
    } else {
      _mm_prefetch(address, _MM_HINT_T1);
    }
  });
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

// What the kernels of floats and of fixed point read.
namespace half {

constexpr std::size_t kRows = 8;

using Floats = __m256;

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
SIXFOLD_INLINE __m256i load_words(const std::byte* at) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}
SIXFOLD_INLINE Floats load_bf16_even(const std::byte* at) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(load_words(at), 16));
}
SIXFOLD_INLINE Floats load_bf16_odd(const std::byte* at) {
  return _mm256_castsi256_ps(_mm256_andnot_si256(_mm256_set1_epi32(0xffff), load_words(at)));
}

using Pairs = __m256i;
using PairSums = __m256i;

SIXFOLD_INLINE Floats zero() {
  return _mm256_setzero_ps();
}
SIXFOLD_INLINE Floats to_float(__m256i a) {
  return _mm256_cvtepi32_ps(a);
}
SIXFOLD_INLINE Pairs load_pairs(const std::byte* at) {
  return load_words(at);
}
SIXFOLD_INLINE PairSums zero_pair_sums() {
  return _mm256_setzero_si256();
}
// The sum is in assembly, because GCC 12 makes all products of a block before it adds the first, and spills them.
SIXFOLD_INLINE PairSums add_pair_products(PairSums sum, Pairs weights, const std::int32_t* pair) {
  const __m256i products = _mm256_madd_epi16(weights, _mm256_set1_epi32(*pair));
  asm("vpaddd %1, %0, %0" : "+x"(sum) : "x"(products));
  return sum;
}
SIXFOLD_INLINE __m256i total_of(PairSums sum) {
  return sum;
}

// 32 codes of 16 bits.
inline void round_pairs(const float* x, float inverse, std::int32_t (&words)[kBlockPairs]) {
  unroll<2>([&](auto half) SIXFOLD_INLINE_LAMBDA {
    __m256i codes[2];
    unroll<2>([&](auto i) SIXFOLD_INLINE_LAMBDA {
      codes[i] = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + 16 * half + 8 * i), _mm256_set1_ps(inverse)));
    });
    // Packing works within 128-bit lanes; the permutation puts the quarters back in order.
    const __m256i packed = _mm256_permute4x64_epi64(_mm256_packs_epi32(codes[0], codes[1]), 0b11'01'10'00);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(words + 8 * half), packed);
  });
}

#include "kernels/body/matmul_fixed.inc"
#include "kernels/body/matmul_float.inc"

}  // namespace half
using half::fix_blocks;
using half::multiply_fixed;
using half::multiply_float;

// What the integer kernels read.
constexpr std::size_t kRows = 16;
constexpr CodeForm kForm = CodeForm::kRaw;
constexpr std::size_t kWidthMax = 4;
constexpr bool kUnpacksLate = true;

// Two vectors, of rows 0 to 7 and of rows 8 to 15.
struct Words {
  __m256i low, high;
};
struct Floats {
  __m256 low, high;
};
using Codes = Words;
using Ints = Words;
using Pairs = Words;

SIXFOLD_INLINE __m256i load_half(const std::byte* at) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}
SIXFOLD_INLINE Codes load_codes(const std::byte* at) {
  return {load_half(at), load_half(at + 32)};
}
template <std::uint8_t kMask>
SIXFOLD_INLINE Codes and_mask(Codes a) {
  const __m256i mask = _mm256_set1_epi8(static_cast<char>(kMask));
  return {_mm256_and_si256(a.low, mask), _mm256_and_si256(a.high, mask)};
}
template <std::size_t kCount>
SIXFOLD_INLINE Codes shift_left(Codes a) {
  return {_mm256_slli_epi16(a.low, kCount), _mm256_slli_epi16(a.high, kCount)};
}
template <std::size_t kCount>
SIXFOLD_INLINE Codes shift_right(Codes a) {
  return {_mm256_srli_epi16(a.low, kCount), _mm256_srli_epi16(a.high, kCount)};
}
SIXFOLD_INLINE Codes or_codes(Codes a, Codes b) {
  return {_mm256_or_si256(a.low, b.low), _mm256_or_si256(a.high, b.high)};
}
SIXFOLD_INLINE Codes flip_sign(Codes a) {
  const __m256i sign = _mm256_set1_epi8(-128);
  return {_mm256_xor_si256(a.low, sign), _mm256_xor_si256(a.high, sign)};
}
SIXFOLD_INLINE Codes lookup(Codes index) {
  const __m128i values = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kNonlinear));
  const __m256i table = _mm256_broadcastsi128_si256(values);
  return {_mm256_shuffle_epi8(table, index.low), _mm256_shuffle_epi8(table, index.high)};
}

SIXFOLD_INLINE Ints zero_ints() {
  return {_mm256_setzero_si256(), _mm256_setzero_si256()};
}
SIXFOLD_INLINE Ints broadcast(std::int32_t a) {
  const __m256i all = _mm256_set1_epi32(a);
  return {all, all};
}
SIXFOLD_INLINE Floats to_float(Ints a) {
  return {_mm256_cvtepi32_ps(a.low), _mm256_cvtepi32_ps(a.high)};
}
SIXFOLD_INLINE Floats zero() {
  return {_mm256_setzero_ps(), _mm256_setzero_ps()};
}
SIXFOLD_INLINE Floats broadcast(float a) {
  const __m256 all = _mm256_set1_ps(a);
  return {all, all};
}
SIXFOLD_INLINE Floats load(const float* at) {
  return {_mm256_loadu_ps(at), _mm256_loadu_ps(at + 8)};
}
SIXFOLD_INLINE void store(float* at, Floats a) {
  _mm256_storeu_ps(at, a.low);
  _mm256_storeu_ps(at + 8, a.high);
}
SIXFOLD_INLINE Floats mul(Floats a, Floats b) {
  return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
}
SIXFOLD_INLINE Floats fma(Floats a, Floats b, Floats c) {
  return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}
SIXFOLD_INLINE Floats negate(Floats a) {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  return {_mm256_xor_ps(a.low, sign), _mm256_xor_ps(a.high, sign)};
}
SIXFOLD_INLINE __m128i load_quarter(const std::byte* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}
SIXFOLD_INLINE __m128i load_eighth(const std::byte* at) {
  return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(at));
}
SIXFOLD_INLINE Floats load_f16(const std::byte* at) {
  return {_mm256_cvtph_ps(load_quarter(at)), _mm256_cvtph_ps(load_quarter(at + 16))};
}
SIXFOLD_INLINE Floats load_u8(const std::byte* at) {
  return to_float({_mm256_cvtepu8_epi32(load_eighth(at)), _mm256_cvtepu8_epi32(load_eighth(at + 8))});
}
SIXFOLD_INLINE Floats load_i8(const std::byte* at) {
  return to_float({_mm256_cvtepi8_epi32(load_eighth(at)), _mm256_cvtepi8_epi32(load_eighth(at + 8))});
}
SIXFOLD_INLINE Pairs load_u8_pairs(const std::byte* at) {
  return {_mm256_cvtepu8_epi16(load_quarter(at)), _mm256_cvtepu8_epi16(load_quarter(at + 16))};
}
SIXFOLD_INLINE Pairs load_high_nibble_pairs(const std::byte* at) {
  return shift_right<4>(load_u8_pairs(at));
}
SIXFOLD_INLINE void load_low_nibble_pairs(const std::byte* at, Floats (&values)[2]) {
  const Pairs pairs = load_u8_pairs(at);
  const __m256i low_nibble = _mm256_set1_epi32(0x0f);
  values[0] = to_float({_mm256_and_si256(pairs.low, low_nibble), _mm256_and_si256(pairs.high, low_nibble)});
  values[1] = to_float({_mm256_and_si256(_mm256_srli_epi32(pairs.low, 16), low_nibble),
                        _mm256_and_si256(_mm256_srli_epi32(pairs.high, 16), low_nibble)});
}
SIXFOLD_INLINE Ints dot_pairs(Ints sum, Pairs a, std::int32_t x) {
  const __m256i all = _mm256_set1_epi32(x);
  return {_mm256_add_epi32(sum.low, _mm256_madd_epi16(a.low, all)),
          _mm256_add_epi32(sum.high, _mm256_madd_epi16(a.high, all))};
}

// Groups whose 16-bit products can be added before they are widened, for unsigned codes below 2^bits and |x| <= 127:
// groups * 2 * (2^bits - 1) * 127 must not exceed 32767.
constexpr std::size_t groups_per_widening(std::size_t bits) {
  return bits <= 4 ? 8 : bits == 5 ? 4 : 2;
}

// In assembly, because GCC 12 computes all products before it adds the first, and has no registers for them.
SIXFOLD_INLINE void add_products(__m256i& sums, __m256i codes, __m256i x) {
  __m256i products;
  asm("vpmaddubsw %2, %3, %1\n\tvpaddw %1, %0, %0" : "+x"(sums), "=&x"(products) : "x"(x), "x"(codes));
}

// |code| * (x with code's sign), which fits: 2 * 128 * 127 < 32768, and 2 * 255 * 127 would not.
SIXFOLD_INLINE void add_signed_products(__m256i& sums, __m256i codes, __m256i magnitude, __m256i x) {
  __m256i products;
  asm("vpsignb %2, %3, %1\n\tvpmaddubsw %1, %4, %1\n\tvpmaddwd %5, %1, %1\n\tvpaddd %1, %0, %0"
      : "+x"(sums), "=&x"(products)
      : "x"(codes), "x"(x), "x"(magnitude), "xm"(_mm256_set1_epi16(1)));
}

SIXFOLD_INLINE Ints widen(Ints sum, Words products) {
  const __m256i ones = _mm256_set1_epi16(1);
  return {_mm256_add_epi32(sum.low, _mm256_madd_epi16(products.low, ones)),
          _mm256_add_epi32(sum.high, _mm256_madd_epi16(products.high, ones))};
}

// Four codes of x in every word.
SIXFOLD_INLINE __m256i four_codes(const std::int8_t* x) {
  std::int32_t word;
  __builtin_memcpy(&word, x, sizeof word);
  return _mm256_set1_epi32(word);
}

template <std::size_t kWidth, class CodesOf>
SIXFOLD_INLINE void add_signed_group(const CodesOf& codes_of, const std::int8_t (*x)[kBlock], std::size_t first,
                                     Ints (&sums)[kWidth]) {
  const Codes codes = codes_of();
  const Codes magnitude = {_mm256_abs_epi8(codes.low), _mm256_abs_epi8(codes.high)};
  unroll<kWidth>([&](auto t) SIXFOLD_INLINE_LAMBDA {
    const __m256i four = four_codes(x[t] + first);
    add_signed_products(sums[t].low, codes.low, magnitude.low, four);
    add_signed_products(sums[t].high, codes.high, magnitude.high, four);
  });
}

// Loads limit these kernels: one word of x serves both vectors, and one vector of codes all tokens.
// codes: signed, or unsigned and of at most 6 bits.
template <bool kSigned, std::size_t kBits, std::size_t kCount, std::size_t kWidth, class CodesOf>
SIXFOLD_INLINE void add_group_dots(const CodesOf& codes_of, const std::int8_t (*x)[kBlock], std::size_t first,
                                   Ints (&sums)[kWidth]) {
  static_assert(kSigned || kBits <= 6);
  if constexpr (kSigned) {
    unroll<kCount>([&](auto g) SIXFOLD_INLINE_LAMBDA {
      add_signed_group([&]() SIXFOLD_INLINE_LAMBDA { return codes_of(g); }, x, first + 4 * g, sums);
    });
  } else {
    constexpr std::size_t kTogether = groups_per_widening(kBits) < kCount ? groups_per_widening(kBits) : kCount;
    unroll<kCount / kTogether>([&](auto part) SIXFOLD_INLINE_LAMBDA {
      Words products[kWidth];
      unroll<kTogether>([&](auto i) SIXFOLD_INLINE_LAMBDA {
        constexpr std::size_t kGroup = part * kTogether + i;
        const Codes codes = codes_of(Index<kGroup>{});
        unroll<kWidth>([&](auto t) SIXFOLD_INLINE_LAMBDA {
          const __m256i four = four_codes(x[t] + first + 4 * kGroup);
          if constexpr (i == 0) {
            products[t] = {_mm256_maddubs_epi16(codes.low, four), _mm256_maddubs_epi16(codes.high, four)};
          } else {
            add_products(products[t].low, codes.low, four);
            add_products(products[t].high, codes.high, four);
          }
        });
      });
      unroll<kWidth>([&](auto t) SIXFOLD_INLINE_LAMBDA { sums[t] = widen(sums[t], products[t]); });
    });
  }
}

inline std::int32_t sum_of(__m256i a) {
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1)));
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

#include "kernels/body/matmul_float_sums.inc"
#include "kernels/body/matmul_forms.inc"
#include "kernels/body/matmul_int8.inc"
#include "kernels/body/matmul_table.inc"

}  // namespace

extern const MatmulTable avx2_matmul;
const MatmulTable avx2_matmul = kTable;

}  // namespace sixfold::kernels
