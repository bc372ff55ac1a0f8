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

constexpr std::size_t kStepBytes = kProductUnits * kUnitBytes;
// Of larger groups, whose inputs are [tokens / 32][products][32][32] bf16: each 32 are read in the order of memory.
constexpr std::size_t kTokensTogether = 2 * kRegisterRows;

// Registers: sums, inputs, weights.
constexpr std::size_t kInputs = 4;
constexpr std::size_t kWeights = 6;
template <std::size_t kPart>
constexpr TileShapes kShapes = shapes_of(kPart, kInputs, kWeights, kRegisterBytes);

SIXFOLD_INLINE void prefetch(const std::byte* at) {
  at = opaque(at);  // beyond what the compiler thinks is there
  unroll<kProductUnits>([&](auto line) SIXFOLD_INLINE_LAMBDA {
    const char* address = reinterpret_cast<const char*>(at) + line * kUnitBytes;
    _mm_prefetch(address + kFarAhead, _MM_HINT_T1);
    _mm_prefetch(address + kNearAhead, _MM_HINT_T0);
  });
}

// The last inputs of a tile, with zeros behind them.
class LastStep {
 public:
  LastStep(const std::byte* tile, std::size_t units) {
    const std::size_t whole = units / kProductUnits;
    __builtin_memcpy(bytes_, tile + whole * kStepBytes, units % kProductUnits * kUnitBytes);
  }
  const std::byte* bytes() const { return bytes_; }

 private:
  alignas(64) std::byte bytes_[kStepBytes] = {};
};

// ---- Groups of one part: tile by tile, two registers in turn for inputs and weights. ----

// group: [products][kTokens][32] bf16; products: [kTokens][16] f32.
template <std::size_t kTokens>
SIXFOLD_INLINE void multiply_part(const std::byte* tile, std::size_t units, const std::byte* group, float* products) {
  clear_tile<0>();
  const auto add = [&](const std::byte* weights, auto turn) SIXFOLD_INLINE_LAMBDA {
    load_tile<kWeights + turn>(weights, kUnitBytes);
    load_tile<kInputs + turn>(group, kRegisterBytes);
    add_bf16_products<0, kInputs + turn, kWeights + turn>();
    group += kTokens * kRegisterBytes;
  };
  const std::size_t steps = units / kProductUnits;
  const std::byte* at = tile;
  std::size_t step = 0;
  for (; step + 2 <= steps; step += 2, at += 2 * kStepBytes) {
    prefetch(at);
    add(at, Index<0>{});
    prefetch(at + kStepBytes);
    add(at + kStepBytes, Index<1>{});
  }
  if (step < steps) add(at, Index<0>{});
  if (units % kProductUnits != 0) {
    const LastStep last(tile, units);
    add(last.bytes(), Index<1>{});
  }
  store_tile<0>(products, kVectorBytes);
}

template <std::size_t kTokens>
void multiply_few(const TileRun& tiles, std::size_t units, const std::byte* group, float* products) {
  const Shapes shapes(kShapes<kTokens>);
  const std::byte* tile = tiles.first;
  for (std::size_t i = 0; i < tiles.count; ++i, tile += tiles.tile_bytes, products += kTokens * kTileRows) {
    multiply_part<kTokens>(tile, units, group, products);
  }
}

// ---- Larger groups: two tiles times two parts, so that each load serves two products.  A block of the inputs at a
// time, whose weights stay in the first-level cache while all parts pass; sums rest in the products meanwhile. ----

constexpr std::size_t kBlockSteps = 8;

// kTiles tiles times a whole group.
template <std::size_t kTiles>
class LargeProduct {
 public:
  LargeProduct(const TileRun& tiles, std::size_t units, const std::byte* group, std::size_t tokens, float* products)
      : tiles_(tiles),
        steps_(units / kProductUnits),
        all_steps_((units + kProductUnits - 1) / kProductUnits),
        group_(group),
        tokens_(tokens),
        products_(products) {}

  // Steps [first, end), of which weights_of(tile, step) are the weights.
  template <class WeightsOf>
  SIXFOLD_INLINE void add_steps(std::size_t first, std::size_t end, const WeightsOf& weights_of) {
    for (std::size_t part = 0; part < tokens_; part += kTokensTogether) {
      each([&](auto tile, auto i)
               SIXFOLD_INLINE_LAMBDA { load_tile<2 * tile + i>(sums(tile, part + i * kRegisterRows), kVectorBytes); });
      for (std::size_t step = first; step < end; ++step) {
        const std::byte* inputs = group_ + (part * all_steps_ + step * kTokensTogether) * kRegisterBytes;
        load_tile<kInputs>(inputs, kRegisterBytes);
        load_tile<kInputs + 1>(inputs + kRegisterRows * kRegisterBytes, kRegisterBytes);
        unroll<kTiles>([&](auto tile) SIXFOLD_INLINE_LAMBDA {
          const std::byte* weights = weights_of(tile, step);
          load_tile<kWeights + tile>(weights, kUnitBytes);
          if (part == 0) prefetch(weights);
          add_bf16_products<2 * tile, kInputs, kWeights + tile>();
          add_bf16_products<2 * tile + 1, kInputs + 1, kWeights + tile>();
        });
      }
      each([&](auto tile, auto i)
               SIXFOLD_INLINE_LAMBDA { store_tile<2 * tile + i>(sums(tile, part + i * kRegisterRows), kVectorBytes); });
    }
  }

  void run(std::size_t units) {
    for (std::size_t i = 0; i < kTiles * tokens_; ++i) _mm512_storeu_ps(products_ + i * kTileRows, _mm512_setzero_ps());
    const auto packed = [&](std::size_t tile, std::size_t step) SIXFOLD_INLINE_LAMBDA {
      return tiles_.first + tile * tiles_.tile_bytes + step * kStepBytes;
    };
    for (std::size_t first = 0; first < steps_; first += kBlockSteps) {
      add_steps(first, steps_ - first < kBlockSteps ? steps_ : first + kBlockSteps, packed);
    }
    if (units % kProductUnits == 0) return;
    const LastStep last[2] = {{tiles_.first, units}, {tiles_.first + (kTiles - 1) * tiles_.tile_bytes, units}};
    add_steps(steps_, steps_ + 1,
              [&](std::size_t tile, std::size_t) SIXFOLD_INLINE_LAMBDA { return last[tile].bytes(); });
  }

 private:
  float* sums(std::size_t tile, std::size_t token) const { return products_ + (tile * tokens_ + token) * kTileRows; }

  // body(tile, part of two)
  template <class Body>
  static SIXFOLD_INLINE void each(const Body& body) {
    unroll<kTiles>([&](auto tile) SIXFOLD_INLINE_LAMBDA {
      body(tile, Index<0>{});
      body(tile, Index<1>{});
    });
  }

  TileRun tiles_;
  std::size_t steps_;  // whole ones
  std::size_t all_steps_;
  const std::byte* group_;
  std::size_t tokens_;
  float* products_;
};

void multiply_large(const TileRun& tiles, std::size_t units, const std::byte* group, std::size_t tokens,
                    float* products) {
  const Shapes shapes(kShapes<kRegisterRows>);
  TileRun left = tiles;
  for (; left.count >= 2; left.count -= 2, left.first += 2 * left.tile_bytes) {
    LargeProduct<2>(left, units, group, tokens, products).run(units);
    products += 2 * tokens * kTileRows;
  }
  if (left.count != 0) LargeProduct<1>(left, units, group, tokens, products).run(units);
}

template <std::size_t kTokens>
void multiply_pairs(const TileRun& tiles, std::size_t units, const std::byte* group, float* products) {
  if constexpr (kTokens <= kRegisterRows)
    multiply_few<kTokens>(tiles, units, group, products);
  else
    multiply_large(tiles, units, group, kTokens, products);
}

void round_to_pairs(const float* x, std::size_t stride, std::size_t cols, std::size_t tokens, std::size_t begin,
                    std::size_t end, std::byte* group) {
  constexpr std::size_t kLanes = 16;
  const std::size_t steps = (cols + 2 * kProductUnits - 1) / (2 * kProductUnits);
  for (std::size_t pair = begin; pair < end; pair += kProductUnits) {
    const std::size_t left = cols - 2 * pair;
    const auto low_mask = static_cast<__mmask16>(left >= kLanes ? 0xffffu : (1u << left) - 1u);
    const std::size_t beyond = left > kLanes ? left - kLanes : 0;
    const auto high_mask = static_cast<__mmask16>(beyond >= kLanes ? 0xffffu : (1u << beyond) - 1u);
    for (std::size_t t = 0; t < tokens; ++t) {
      const float* from = x + t * stride + 2 * pair;
      const __m512 low = _mm512_maskz_loadu_ps(low_mask, from);
      const __m512 high = _mm512_maskz_loadu_ps(high_mask, from + kLanes);
      const std::size_t together = tokens < kTokensTogether ? tokens : kTokensTogether;
      const std::size_t at = (t / together * steps + pair / kProductUnits) * together + t % together;
      _mm512_storeu_si512(group + at * kRegisterBytes, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low)));
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
    .multiply = run_kernels_of_sizes([](auto tokens) { return MultiplyRun{multiply_pairs<tokens>}; })};

}  // namespace sixfold::kernels
