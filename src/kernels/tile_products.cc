// The order in which tiles meet groups, and what happens to a product before it is stored.
#include "kernels/tile_products.h"

#include <algorithm>
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

void multiply_tile(const IsaRow& isa, const PackedMatrix::Layout& matrix, std::size_t tile, const TokenGroup& group,
                   float* products) {
  const FormatKernels& kernels = isa.matmul->multiply[static_cast<std::size_t>(matrix.format)];
  kernels.of_size[index_of_size(group.tokens)](matrix.weights.data() + tile * matrix.tile_bytes, matrix.units,
                                               group.data, products);
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
                    const float* products) {
  const std::size_t first = tile * kTileRows;
  const Activation activation = target.gate == nullptr ? target.activation : Activation::kNone;
  const TileOutput to = {.out = target.out + group.first_row * target.out_stride + first,
                         .stride = target.out_stride,
                         .tokens = group.tokens,
                         .count = std::min(kTileRows, target.weights->rows() - first),
                         .bias = target.bias != nullptr ? target.bias + first : nullptr,
                         .factor = target.factor,
                         .adds = target.adds};
  isa.kernels->store_tile[static_cast<std::size_t>(activation)](to, products);
}

// Tiles [begin, end) times one group.
void multiply_group(const IsaRow& isa, const MatmulTarget& target, const TokenGroup& group, std::size_t begin,
                    std::size_t end) {
  alignas(64) float products[kProducts];
  for (std::size_t tile = begin; tile < end; ++tile) {
    expect_products(target, tile, group);
    multiply_tile(isa, target.weights->layout(), tile, group, products);
    join_addends(target.addends, *target.weights, tile, group, products);
    store_products(isa, target, tile, group, products);
  }
}

// The same with a gate.  Many tiles of the gate, then the same of the weights: memory is read at full speed only along
// one stream, and finds its pace again after every change, which tile by tile costs one token a seventh of its speed.
void multiply_gated_group(const IsaRow& isa, const MatmulTarget& target, const TokenGroup& group,
                          const TokenGroup& gate_group, std::size_t begin, std::size_t end) {
  constexpr std::size_t kGates = 2 * kProducts;  // 8 KiB, beside which the tiles' inputs stay in the nearest cache
  alignas(64) float gates[kGates];
  alignas(64) float products[kProducts];
  const auto gate_products = isa.kernels->gate[static_cast<std::size_t>(target.activation)];
  const std::size_t count = group.tokens * kTileRows;
  const std::size_t run = kGates / count;
  for (std::size_t first = begin; first < end; first += run) {
    const std::size_t last = std::min(end, first + run);
    for (std::size_t tile = first; tile < last; ++tile) {
      float* to = gates + (tile - first) * count;
      multiply_tile(isa, target.gate->layout(), tile, gate_group, to);
      join_addends(target.gate_addends, *target.gate, tile, gate_group, to);
    }
    for (std::size_t tile = first; tile < last; ++tile) {
      expect_products(target, tile, group);
      multiply_tile(isa, target.weights->layout(), tile, group, products);
      join_addends(target.addends, *target.weights, tile, group, products);
      gate_products(gates + (tile - first) * count, products, count, products);
      store_products(isa, target, tile, group, products);
    }
  }
}

}  // namespace

void multiply_tiles(const IsaRow& isa, const MatmulTarget& target, const TargetGroups& groups, std::size_t begin,
                    std::size_t end) {
  const std::size_t bytes =
      target.weights->layout().tile_bytes + (target.gate != nullptr ? target.gate->layout().tile_bytes : 0);
  const bool is_read_once = groups.weights.size() == 1;
  const std::size_t together =
      is_read_once ? end - begin : std::max<std::size_t>(1, isa.matmul->together_bytes / bytes);
  for (std::size_t first = begin; first < end; first += together) {
    const std::size_t last = std::min(end, first + together);
    for (std::size_t g = 0; g < groups.weights.size(); ++g) {
      if (target.gate == nullptr) {
        multiply_group(isa, target, groups.weights[g], first, last);
      } else {
        multiply_gated_group(isa, target, groups.weights[g], groups.gate[g], first, last);
      }
    }
  }
}

}  // namespace sixfold::kernels
