// Matrix products with AVX-512 and VNNI: one vector serves all 16 rows of a tile.
#include <immintrin.h>

#include "kernels/matmul_table.h"

namespace sixfold::kernels {
namespace {

#include "kernels/body/matmul_common.inc"

constexpr std::size_t kRows = 16;
constexpr CodeForm kForm = CodeForm::kShifted;
constexpr std::size_t kFloatTokensMax = 12;
constexpr std::size_t kInt8TokensMax = 16;

using Codes = __m512i;
using Ints = __m512i;
using Floats = __m512;

SIXFOLD_INLINE Codes load_codes(const std::byte* at) {
  return _mm512_loadu_si512(at);
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
SIXFOLD_INLINE Floats load_bf16(const std::byte* at) {
  const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
  return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}
template <std::uint8_t kMask, unsigned kShift>
SIXFOLD_INLINE Floats load_u8(const std::byte* at) {
  __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  if constexpr (kShift > 0) bytes = _mm_srli_epi16(bytes, kShift);
  if constexpr (kMask != 0xff) bytes = _mm_and_si128(bytes, _mm_set1_epi8(static_cast<char>(kMask)));
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes));
}
SIXFOLD_INLINE Floats load_i8(const std::byte* at) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))));
}

// Asks for the kCount bytes that lie some kilobytes ahead in the stream.  A single token leaves the core waiting for
// memory, and the shortest way into the first-level cache is best (26 against 22 GB/s of Q8_0 on Zen 4).  More tokens
// keep it busy between misses: there, asking far ahead for the second level alone frees the few first-level miss
// buffers (4 tokens 24 against 16 GB/s, 8 tokens 22 against 14).
template <std::size_t kCount, std::size_t kTokens>
SIXFOLD_INLINE void prefetch(const std::byte* at) {
  constexpr std::size_t kNear = kTokens == 1 ? 4096 : 2048;
  constexpr std::size_t kFar = 8192;
  unroll<(kCount + 63) / 64>([&](auto line) SIXFOLD_INLINE_LAMBDA {
    const char* address = reinterpret_cast<const char*>(at) + 64 * line;
    if constexpr (kTokens > 1) _mm_prefetch(address + kFar, _MM_HINT_T1);
    _mm_prefetch(address + kNear, _MM_HINT_T0);
  });
}

// codes: unsigned; x: [4 * kCount] i8.
template <bool kSigned, std::size_t kBits, std::size_t kCount>
SIXFOLD_INLINE Ints dot(Ints sum, const Codes* codes, const std::int8_t* x) {
  static_assert(!kSigned);
  const auto* words = reinterpret_cast<const std::int32_t*>(x);
  unroll<kCount>([&](auto g)
                     SIXFOLD_INLINE_LAMBDA { sum = _mm512_dpbusd_epi32(sum, codes[g], _mm512_set1_epi32(words[g])); });
  return sum;
}

// Codes, sums of both halves and the scale of 32 values.
float quantize_block(const float* x, std::int8_t* codes, std::int32_t (&sums)[2]) {
  const __m512 low = _mm512_loadu_ps(x);
  const __m512 high = _mm512_loadu_ps(x + 16);
  // As integers, magnitudes compare like floats, and what is not finite is largest.
  const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
  const __m512i largest = _mm512_max_epi32(_mm512_and_si512(_mm512_castps_si512(low), magnitude),
                                           _mm512_and_si512(_mm512_castps_si512(high), magnitude));
  const float scale = block_scale(_mm512_reduce_max_epi32(largest));
  __m512i first = _mm512_setzero_si512();
  __m512i second = _mm512_setzero_si512();
  if (has_codes(scale)) {
    const __m512 inverse = _mm512_set1_ps(1.0f / scale);
    first = _mm512_cvtps_epi32(_mm512_mul_ps(low, inverse));
    second = _mm512_cvtps_epi32(_mm512_mul_ps(high, inverse));
  }
  _mm_storeu_si128(reinterpret_cast<__m128i*>(codes), _mm512_cvtsepi32_epi8(first));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(codes + 16), _mm512_cvtsepi32_epi8(second));
  sums[0] = _mm512_reduce_add_epi32(first);
  sums[1] = _mm512_reduce_add_epi32(second);
  return scale;
}

#include "kernels/body/matmul_float.inc"
#include "kernels/body/matmul_int8.inc"
#include "kernels/body/matmul_table.inc"

}  // namespace

extern const MatmulTable avx512_matmul;
const MatmulTable avx512_matmul = kTable;

}  // namespace sixfold::kernels
