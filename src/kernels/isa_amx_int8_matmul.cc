// Products of plain integer formats with AMX, for groups of many tokens; the others are those of isa_amx_matmul.cc,
// whose integer sums are the same and whose float operations are shared, so that an output's bits do not depend on the
// group.
#include <immintrin.h>

#include "kernels/matmul_table.h"

namespace sixfold::kernels {
namespace {

#include "kernels/body/amx_int8.inc"

// Fewer tokens are as fast without: unpacked codes go through memory.
constexpr std::size_t kTokensMin = 8;
// A group of more would not share more: each of its sums takes its three float operations for every block.
constexpr std::size_t kTokensMax = 64;

// Pairs of blocks that are unpacked for all parts of a group, whose codes stay in the first-level cache meanwhile.
constexpr std::size_t kVisitPairs = 8;

// Tiles that lie one behind the other times one group.  A group of more tokens than a register has rows is multiplied
// in parts, whose sums stay in vector registers.  The multiplier works on a pair of blocks while the vectors apply the
// scales of the one before.  Beside tile instructions, float operations of whole vectors go at half their speed, 1 in
// each turn: the three for each token and block are what limits this kernel.
template <Format kFormat, std::size_t kTokens>
class TileProduct {
  static constexpr std::size_t kPart = part_tokens(kTokens);
  static constexpr std::size_t kParts = kTokens / kPart;
  using Codes = std::byte[kGroups * kVectorBytes];
  using Block = ActivationBlock<kPart>;
  using Pair = PairPlaces<kFormat>;

 public:
  TileProduct(const TileRun& tiles, std::size_t blocks, const std::byte* group, float* products)
      : tiles_(tiles),
        blocks_(blocks),
        pairs_((blocks + 1) / 2),
        x_(reinterpret_cast<const Block*>(group)),
        products_(reinterpret_cast<float (*)[kTileRows]>(products)) {}

  void run() {
    const Shapes shapes(kShapes);
    for (std::size_t i = 0; i < tiles_.count * kTokens; ++i) store(products_[i], zero());
    Visit visit = {.tile = tiles_.first, .index = 0, .first = 0, .turn = 0};
    for (std::size_t pair = 0; pair < pairs_of(visit); ++pair) unpack(visit, pair);
    while (visit.index < tiles_.count) {
      const Visit next = after(visit);
      for (std::size_t part = 0; part < kParts; ++part) multiply(visit, part, next);
      visit = next;
    }
  }

 private:
  // Some pairs of a tile.
  struct Visit {
    const std::byte* tile;
    std::size_t index;  // of the tile
    std::size_t first;
    std::size_t turn;  // 0, 1, 0 ...
  };
  Visit after(const Visit& visit) const {
    const std::size_t first = visit.first + kVisitPairs;
    if (first < pairs_) return {visit.tile, visit.index, first, visit.turn ^ 1};
    return {visit.tile + tiles_.tile_bytes, visit.index + 1, 0, visit.turn ^ 1};
  }
  std::size_t pairs_of(const Visit& visit) const {
    if (visit.index >= tiles_.count) return 0;
    const std::size_t left = pairs_ - visit.first;
    return left < kVisitPairs ? left : kVisitPairs;
  }

  // Registers: sums of both blocks of a pair, their inputs, their weights.
  static constexpr std::size_t kInputs = 2;
  static constexpr std::size_t kWeights = 4;
  static constexpr TileShapes kShapes = shapes_of(kPart, kInputs, kWeights, kBlock);

  // A visit's pairs for the tokens of one part, which also unpacks its share of the next visit's pairs: a tile register
  // waits long for what was just written.
  SIXFOLD_INLINE void multiply(const Visit& visit, std::size_t part, const Visit& next) {
    const Block* x = x_ + part * blocks_ + 2 * visit.first;
    float(*products)[kTileRows] = products_ + visit.index * kTokens + part * kPart;
    const std::size_t pairs = pairs_of(visit);
    const std::size_t blocks = blocks_ - 2 * visit.first;
    const std::size_t next_pairs = pairs_of(next);
    std::size_t next_pair = part * next_pairs / kParts;
    const std::size_t next_end = (part + 1) * next_pairs / kParts;
    Floats sums[kPart];
    unroll<kPart>([&](auto t) SIXFOLD_INLINE_LAMBDA { sums[t] = load(products[t]); });
    start(visit, 0, x, blocks);
    for (std::size_t pair = 0; pair < pairs; ++pair) {
      if (pair % kParts == 0 && next_pair < next_end) unpack(next, next_pair++);
      if (pair + 1 < pairs) start(visit, pair + 1, x, blocks);
      finish(visit, pair, x, blocks, sums);
    }
    unroll<kPart>([&](auto t) SIXFOLD_INLINE_LAMBDA { store(products[t], sums[t]); });
    for (; next_pair < next_end; ++next_pair) unpack(next, next_pair);
  }

  static const std::byte* pair_at(const Visit& visit, std::size_t pair) {
    return visit.tile + (visit.first + pair) * Pair::kBytes;
  }

  SIXFOLD_INLINE void unpack(const Visit& visit, std::size_t pair) {
    const std::byte* at = pair_at(visit, pair);
    Codes* to = codes_[visit.turn][pair];
    prefetch<kFormat, Pair::kFirstPlanes, kTokens>(at);
    unpack(at + Pair::kFirstPlanes, to[0]);
    unpack(at + Pair::kSecondPlanes, to[1]);
  }
  SIXFOLD_INLINE void unpack(const std::byte* planes, std::byte* to) {
    prefetch<kFormat, plane_bytes(kFormat), kTokens>(planes);
    const BlockCodes<kFormat> block(planes);
    unroll<kGroups>([&](auto g) SIXFOLD_INLINE_LAMBDA { _mm512_store_si512(to + g * kVectorBytes, block.codes[g]); });
  }

  // The integer sums of a pair.  The second block of an odd last one is zeros, without inputs.  x, blocks: of the
  // visit.
  SIXFOLD_INLINE void start(const Visit& visit, std::size_t pair, const Block* x, std::size_t blocks) {
    const Codes* codes = codes_[visit.turn][pair];
    start_block<0>(codes[0], x[2 * pair].codes[0], dots_[pair % 2][0]);
    if (2 * pair + 1 < blocks) start_block<1>(codes[1], x[2 * pair + 1].codes[0], dots_[pair % 2][1]);
  }

  template <std::size_t kSums>
  SIXFOLD_INLINE void start_block(const std::byte* codes, const std::int8_t* inputs, std::int32_t* dots) {
    clear_tile<kSums>();
    load_tile<kInputs + kSums>(inputs, kBlock);
    load_tile<kWeights + kSums>(codes, kVectorBytes);
    add_int8_products<kSums, kInputs + kSums, kWeights + kSums>();
    store_tile<kSums>(dots, kVectorBytes);
  }

  // Applies the scales of a pair.
  SIXFOLD_INLINE void finish(const Visit& visit, std::size_t pair, const Block* x, std::size_t blocks,
                             Floats (&sums)[kPart]) {
    const std::byte* scales = pair_at(visit, pair);
    finish_block(scales, x + 2 * pair, dots_[pair % 2][0], sums);
    if (2 * pair + 1 < blocks) {
      finish_block(scales + Pair::kSecondScales, x + 2 * pair + 1, dots_[pair % 2][1], sums);
    }
  }

  SIXFOLD_INLINE void finish_block(const std::byte* scales, const Block* x, const std::int32_t* dots,
                                   Floats (&sums)[kPart]) {
    const BlockScales weights = load_scales<kFormat>(scales);
    x = opaque(x);
    dots = opaque(dots);
    unroll<kPart>([&](auto t) SIXFOLD_INLINE_LAMBDA {
      sums[t] = add_scaled<kFormat>(sums[t], _mm512_load_si512(dots + t * kTileRows), weights, *x, t);
    });
  }

  TileRun tiles_;
  std::size_t blocks_;
  std::size_t pairs_;
  const Block* x_;  // [kParts][blocks]
  float (*products_)[kTileRows];
  alignas(64) Codes codes_[2][kVisitPairs][2];              // of two visits in turn
  alignas(64) std::int32_t dots_[2][2][kPart * kTileRows];  // of two pairs in turn
};

template <Format kFormat, std::size_t kTokens>
void multiply_tiles(const TileRun& tiles, std::size_t blocks, const std::byte* group, float* products) {
  TileProduct<kFormat, kTokens>(tiles, blocks, group, products).run();
}

template <Format kFormat>
constexpr OwnKernels own() {
  return own_kernels<kFormat, quantize_blocks>(kTokensMax, [](auto tokens) -> MultiplyRun {
    if constexpr (tokens < kTokensMin || tokens > kTokensMax)
      return nullptr;
    else
      return multiply_tiles<kFormat, tokens>;
  });
}

}  // namespace

extern const OwnKernels amx_plain[6];
const OwnKernels amx_plain[6] = {own<Format::kQ8>(), own<Format::kQ4>(),    own<Format::kQ4Min>(),
                                 own<Format::kQ5>(), own<Format::kQ5Min>(), own<Format::kQ4Table>()};

}  // namespace sixfold::kernels
