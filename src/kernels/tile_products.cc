// The order in which tiles meet groups, and what happens to a product before it is stored.
#include "kernels/tile_products.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "core/check.h"
#include "kernels/packed_storage.h"

namespace sixfold::kernels {
namespace {

constexpr std::size_t kProducts = kGroupTokensMax * kTileRows;

std::size_t index_of_size(std::size_t tokens) {
  const auto* found = std::find(std::begin(kGroupSizes), std::end(kGroupSizes), tokens);
  SIXFOLD_CHECK(found != std::end(kGroupSizes));
  return static_cast<std::size_t>(found - std::begin(kGroupSizes));
}

// Floats of the products of tiles that are multiplied before any is stored: 8 KiB, beside which the tiles' inputs stay
// in the nearest cache.
constexpr std::size_t kRunProducts = 2048;
constexpr std::size_t kRunTilesMin = 2;  // of large groups, whose inputs come from farther away
constexpr std::size_t kRunBuffer = std::max(kRunProducts, kRunTilesMin* kProducts);

std::size_t tiles_of_run(const TokenGroup& group) {
  return std::max(kRunTilesMin, kRunProducts / (group.tokens * kTileRows));
}

MultiplyRun run_kernel_of(const IsaRow& isa, const PackedMatrix& matrix, const TokenGroup& group) {
  const auto format = static_cast<std::size_t>(matrix.layout().format);
  return isa.matmul->multiply[format].run_of_size[index_of_size(group.tokens)];
}

// Tiles [first, last) times one group.  products: [tiles][tokens][16].
void multiply_run(const IsaRow& isa, const PackedMatrix::Layout& matrix, std::size_t first, std::size_t last,
                  const TokenGroup& group, float* products) {
  const FormatKernels& kernels = isa.matmul->multiply[static_cast<std::size_t>(matrix.format)];
  const std::size_t size = index_of_size(group.tokens);
  const std::byte* tile = matrix.weights.data() + first * matrix.tile_bytes;
  if (kernels.run_of_size[size] != nullptr) {
    kernels.run_of_size[size]({tile, matrix.tile_bytes, last - first}, matrix.units, group.data, products);
    return;
  }
  for (std::size_t i = first; i < last; ++i, tile += matrix.tile_bytes, products += group.tokens * kTileRows) {
    kernels.of_size[size](tile, matrix.units, group.data, products);
  }
}

// Whether the outputs go past the caches.
bool goes_past_caches(const IsaRow& isa, const MatmulTarget& target, std::span<const TokenGroup> groups) {
  constexpr std::size_t kLine = 64;
  const std::size_t rows = groups.back().first_row + groups.back().tokens;
  const bool is_in_lines =
      reinterpret_cast<std::uintptr_t>(target.out) % kLine == 0 && target.out_stride * sizeof(float) % kLine == 0;
  return !target.adds && is_in_lines && rows * target.weights->rows() * sizeof(float) >= isa.matmul->past_caches_bytes;
}

// Asks for the lines that store_products will write: a product takes microseconds, in which they come.
void expect_products(const MatmulTarget& target, std::size_t tile, const TokenGroup& group) {
  const float* to = target.out + group.first_row * target.out_stride + tile * kTileRows;
  for (std::size_t t = 0; t < group.tokens; ++t) __builtin_prefetch(to + t * target.out_stride, 1);
}

// What some rows have besides their product, where there is a list of it.  products: [tokens][16].
void join_addends(const float* const* addends, const PackedMatrix& matrix, std::size_t tile, const TokenGroup& group,
                  float* products) {
  if (addends == nullptr) return;
  const std::size_t first = tile * kTileRows;
  const std::size_t count = std::min(kTileRows, matrix.rows() - first);
  for (std::size_t t = 0; t < group.tokens; ++t) {
    const float* addend = addends[group.first_row + t];
    if (addend == nullptr) continue;
    for (std::size_t i = 0; i < count; ++i) products[t * kTileRows + i] += addend[first + i];
  }
}

// products: [tokens][16].  A partly filled tile's padding is not stored.
void store_products(const IsaRow& isa, const MatmulTarget& target, std::size_t tile, const TokenGroup& group,
                    bool past_caches, const float* products) {
  const std::size_t first = tile * kTileRows;
  const Activation activation = target.gate == nullptr ? target.activation : Activation::kNone;
  const std::size_t count = std::min(kTileRows, target.weights->rows() - first);
  const TileOutput to = {.out = target.out + group.first_row * target.out_stride + first,
                         .stride = target.out_stride,
                         .tokens = group.tokens,
                         .count = count,
                         .bias = target.bias != nullptr ? target.bias + first : nullptr,
                         .factor = target.factor,
                         .adds = target.adds,
                         .goes_past_caches = past_caches && count == kTileRows};
  isa.kernels->store_tile[static_cast<std::size_t>(activation)](to, products);
}

// Tiles [begin, end) times one group.  gates: of these tiles, [tiles][tokens][16], or null.
void multiply_group(const IsaRow& isa, const MatmulTarget& target, const TokenGroup& group, bool past_caches,
                    std::size_t begin, std::size_t end, const float* gates) {
  alignas(64) float products[kRunBuffer];
  const auto gate_products = isa.kernels->gate[static_cast<std::size_t>(target.activation)];
  const std::size_t count = group.tokens * kTileRows;
  const std::size_t run = run_kernel_of(isa, *target.weights, group) != nullptr ? tiles_of_run(group) : 1;
  for (std::size_t first = begin; first < end; first += run) {
    const std::size_t last = std::min(end, first + run);
    for (std::size_t tile = first; tile < last && !past_caches; ++tile) expect_products(target, tile, group);
    multiply_run(isa, target.weights->layout(), first, last, group, products);
    for (std::size_t tile = first; tile < last; ++tile) {
      float* own = products + (tile - first) * count;
      join_addends(target.addends, *target.weights, tile, group, own);
      if (gates != nullptr) gate_products(gates + (tile - begin) * count, own, count, own);
      store_products(isa, target, tile, group, past_caches, own);
    }
  }
}

// The same with a gate.  Many tiles of the gate, then the same of the weights: memory is read at full speed only along
// one stream, and finds its pace again after every change, which tile by tile costs one token a seventh of its speed.
void multiply_gated_group(const IsaRow& isa, const MatmulTarget& target, const TokenGroup& group,
                          const TokenGroup& gate_group, bool past_caches, std::size_t begin, std::size_t end) {
  alignas(64) float gates[kRunBuffer];
  const std::size_t count = group.tokens * kTileRows;
  const std::size_t run = tiles_of_run(group);
  for (std::size_t first = begin; first < end; first += run) {
    const std::size_t last = std::min(end, first + run);
    multiply_run(isa, target.gate->layout(), first, last, gate_group, gates);
    for (std::size_t tile = first; tile < last; ++tile) {
      join_addends(target.gate_addends, *target.gate, tile, gate_group, gates + (tile - first) * count);
    }
    multiply_group(isa, target, group, past_caches, first, last, gates);
  }
}

}  // namespace

void multiply_tiles(const IsaRow& isa, const MatmulTarget& target, const TargetGroups& groups, std::size_t begin,
                    std::size_t end) {
  const std::size_t bytes =
      target.weights->layout().tile_bytes + (target.gate != nullptr ? target.gate->layout().tile_bytes : 0);
  const bool is_read_once = groups.weights.size() == 1;
  const bool past_caches = goes_past_caches(isa, target, groups.weights);
  const std::size_t together =
      is_read_once ? end - begin : std::max<std::size_t>(1, isa.matmul->together_bytes / bytes);
  for (std::size_t first = begin; first < end; first += together) {
    const std::size_t last = std::min(end, first + together);
    for (std::size_t g = 0; g < groups.weights.size(); ++g) {
      if (target.gate == nullptr) {
        multiply_group(isa, target, groups.weights[g], past_caches, first, last, nullptr);
      } else {
        multiply_gated_group(isa, target, groups.weights[g], groups.gate[g], past_caches, first, last);
      }
    }
  }
}

}  // namespace sixfold::kernels
