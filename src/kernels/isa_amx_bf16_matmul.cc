// Products of BF16 weights and inputs rounded to bf16 with AMX, whatever the size of the group.
#include <immintrin.h>

#include "kernels/matmul_table.h"

namespace sixfold::kernels {
namespace {

// clang-format off
#include "kernels/body/matmul_common.inc"
#include "kernels/body/amx.inc"
#include "kernels/body/amx_ahead.inc"
// clang-format on

// What one product takes: 32 inputs of each token, and the 16 units of weights that go with them.
constexpr std::size_t kProductUnits = 16;
constexpr std::size_t kUnitBytes = unit_bytes(Format::kBF16);
static_assert(kUnitBytes == kRegisterBytes);
static_assert(kProductUnits * sizeof(std::uint32_t) == kRegisterBytes);

// Registers: sums of up to four parts of a group; then two each, in turn, for inputs and weights.
constexpr std::size_t kInputs = 4;
constexpr std::size_t kWeights = 6;
template <std::size_t kPart>
constexpr TileShapes kShapes = shapes_of(kPart, kInputs, kWeights, kRegisterBytes);

SIXFOLD_INLINE void prefetch(const std::byte* at) {
  unroll<kProductUnits>([&](auto line) SIXFOLD_INLINE_LAMBDA {
    const char* address = reinterpret_cast<const char*>(at) + line * kUnitBytes;
    _mm_prefetch(address + kFarAhead, _MM_HINT_T1);
    _mm_prefetch(address + kNearAhead, _MM_HINT_T0);
  });
}

// One tile times one group.  group: [products][kTokens][32] bf16; products: [kTokens][16] f32.
template <std::size_t kTokens>
void multiply_pairs(const std::byte* tile, std::size_t units, const std::byte* group, float* products) {
  constexpr std::size_t kPart = part_tokens(kTokens);
  constexpr std::size_t kParts = kTokens / kPart;
  constexpr std::size_t kStepBytes = kProductUnits * kUnitBytes;
  const Shapes shapes(kShapes<kPart>);
  unroll<kParts>([&](auto part) SIXFOLD_INLINE_LAMBDA { clear_tile<part>(); });
  const auto add = [&](const std::byte* weights, auto turn) SIXFOLD_INLINE_LAMBDA {
    load_tile<kWeights + turn>(weights, kUnitBytes);
    unroll<kParts>([&](auto part) SIXFOLD_INLINE_LAMBDA {
      constexpr std::size_t kOwn = kInputs + (kParts == 1 ? turn : part % 2);
      load_tile<kOwn>(group + part * kPart * kRegisterBytes, kRegisterBytes);
      add_bf16_products<part, kOwn, kWeights + turn>();
    });
    group += kTokens * kRegisterBytes;
  };
  const std::size_t steps = units / kProductUnits;
  std::size_t step = 0;
  for (; step + 2 <= steps; step += 2, tile += 2 * kStepBytes) {
    prefetch(tile);
    add(tile, Index<0>{});
    prefetch(tile + kStepBytes);
    add(tile + kStepBytes, Index<1>{});
  }
  if (step < steps) {
    add(tile, Index<0>{});
    tile += kStepBytes;
  }
  const std::size_t rest = units % kProductUnits;
  if (rest != 0) {
    alignas(64) std::byte filled[kStepBytes] = {};
    __builtin_memcpy(filled, tile, rest * kUnitBytes);
    add(filled, Index<1>{});
  }
  unroll<kParts>([&](auto part)
                     SIXFOLD_INLINE_LAMBDA { store_tile<part>(products + part * kPart * kTileRows, kVectorBytes); });
}

void round_to_pairs(const float* x, std::size_t stride, std::size_t cols, std::size_t tokens, std::size_t begin,
                    std::size_t end, std::byte* group) {
  constexpr std::size_t kLanes = 16;
  for (std::size_t pair = begin; pair < end; pair += kProductUnits) {
    const std::size_t left = cols - 2 * pair;
    const auto low_mask = static_cast<__mmask16>(left >= kLanes ? 0xffffu : (1u << left) - 1u);
    const std::size_t beyond = left > kLanes ? left - kLanes : 0;
    const auto high_mask = static_cast<__mmask16>(beyond >= kLanes ? 0xffffu : (1u << beyond) - 1u);
    for (std::size_t t = 0; t < tokens; ++t) {
      const float* from = x + t * stride + 2 * pair;
      const __m512 low = _mm512_maskz_loadu_ps(low_mask, from);
      const __m512 high = _mm512_maskz_loadu_ps(high_mask, from + kLanes);
      _mm512_storeu_si512(group + (pair / kProductUnits * tokens + t) * kRegisterBytes,
                          reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low)));
    }
  }
}

}  // namespace

extern const OwnKernels amx_bf16;
const OwnKernels amx_bf16 = {
    .format = Format::kBF16,
    .form = ActivationForm::kPairs,
    .tokens_max = kGroupTokensMax,
    .make = round_to_pairs,
    .multiply = kernels_of_sizes([](auto tokens) { return MultiplyTile{multiply_pairs<tokens>}; })};

}  // namespace sixfold::kernels
