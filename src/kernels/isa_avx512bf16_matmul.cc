// Products of BF16 weights and inputs rounded to bf16, by dot products of pairs; for all other formats this instruction
// set takes the table of isa_avx512_matmul.cc.
#include <immintrin.h>

#include "kernels/matmul_table.h"

namespace sixfold::kernels {
namespace {

#include "kernels/body/matmul_common.inc"

// Two chains for each of 12 tokens leave room for the weights in 32 registers.
constexpr std::size_t kPairTokensMax = 12;

// As in isa_avx512_matmul.cc, but it takes more tokens to keep the core busy (two take 1.37 times as long with this).
template <std::size_t kTokens>
SIXFOLD_INLINE void prefetch(const std::byte* at) {
  if constexpr (kTokens > 4) {
    const char* address = reinterpret_cast<const char*>(at);
    _mm_prefetch(address + 8192, _MM_HINT_T1);
    _mm_prefetch(address + 2048, _MM_HINT_T0);
  }
}

SIXFOLD_INLINE __m512 add_pairs(__m512 sum, __m512i weights, const std::uint32_t* x) {
  const __m512i inputs = _mm512_set1_epi32(static_cast<int>(*x));
  return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(weights), reinterpret_cast<__m512bh>(inputs));
}

// One tile times one group.  group: [units][kTokens] pairs; products: [kTokens][16] f32.  Each output is the sum of two
// chains, over even and over odd pairs, whatever the size of the group.
template <std::size_t kTokens>
void multiply_pairs(const std::byte* tile, std::size_t units, const std::byte* group, float* products) {
  constexpr std::size_t kUnitBytes = unit_bytes(Format::kBF16);
  const auto* x = reinterpret_cast<const std::uint32_t*>(group);
  __m512 even[kTokens];
  __m512 odd[kTokens];
  unroll<kTokens>([&](auto t) SIXFOLD_INLINE_LAMBDA { even[t] = odd[t] = _mm512_setzero_ps(); });
  std::size_t unit = 0;
  for (; unit + 2 <= units; unit += 2, tile += 2 * kUnitBytes, x += 2 * kTokens) {
    prefetch<kTokens>(tile);
    prefetch<kTokens>(tile + kUnitBytes);
    const __m512i first = _mm512_loadu_si512(tile);
    const __m512i second = _mm512_loadu_si512(tile + kUnitBytes);
    unroll<kTokens>([&](auto t) SIXFOLD_INLINE_LAMBDA {
      even[t] = add_pairs(even[t], first, x + t);
      odd[t] = add_pairs(odd[t], second, x + kTokens + t);
    });
  }
  if (unit < units) {
    const __m512i first = _mm512_loadu_si512(tile);
    unroll<kTokens>([&](auto t) SIXFOLD_INLINE_LAMBDA { even[t] = add_pairs(even[t], first, x + t); });
  }
  unroll<kTokens>([&](auto t) SIXFOLD_INLINE_LAMBDA {
    _mm512_storeu_ps(products + t * kTileRows, _mm512_add_ps(even[t], odd[t]));
  });
}

void pair_up(const float* x, std::size_t stride, std::size_t cols, std::size_t tokens, std::size_t begin,
             std::size_t end, std::byte* group) {
  constexpr std::size_t kLanes = 16;
  auto* to = reinterpret_cast<std::uint32_t*>(group);
  for (std::size_t t = 0; t < tokens; ++t) {
    for (std::size_t pair = begin; pair < end; pair += kLanes) {
      const float* from = x + t * stride + 2 * pair;
      const std::size_t left = cols - 2 * pair;
      const auto low_mask = static_cast<__mmask16>(left >= kLanes ? 0xffffu : (1u << left) - 1u);
      const std::size_t beyond = left > kLanes ? left - kLanes : 0;
      const auto high_mask = static_cast<__mmask16>(beyond >= kLanes ? 0xffffu : (1u << beyond) - 1u);
      const __m512 low = _mm512_maskz_loadu_ps(low_mask, from);
      const __m512 high = _mm512_maskz_loadu_ps(high_mask, from + kLanes);
      std::uint32_t pairs[kLanes];
      _mm512_storeu_si512(pairs, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low)));
      const std::size_t count = end - pair < kLanes ? end - pair : kLanes;
      for (std::size_t i = 0; i < count; ++i) to[(pair + i) * tokens + t] = pairs[i];
    }
  }
}

template <std::size_t kTokens>
constexpr MultiplyTile kernel_of() {
  if constexpr (kTokens > kPairTokensMax)
    return nullptr;
  else
    return multiply_pairs<kTokens>;
}

}  // namespace

extern const OwnKernels avx512bf16_pairs;
const OwnKernels avx512bf16_pairs = {.format = Format::kBF16,
                                     .form = ActivationForm::kPairs,
                                     .tokens_max = kPairTokensMax,
                                     .make = pair_up,
                                     .multiply = kernels_of_sizes([](auto tokens) { return kernel_of<tokens>(); })};

}  // namespace sixfold::kernels
