// Products of formats of super-blocks with AMX, for groups of many tokens; the others are those of isa_amx_matmul.cc.
// In both the sum of a super-block is exact, and float operations are shared, so that an output's bits do not depend on
// the group.
#include <immintrin.h>

#include "kernels/matmul_table.h"

namespace sixfold::kernels {
namespace {

#include "kernels/body/amx_int8.inc"

// Fewer tokens are faster without: it takes some 400 turns to unpack a super-block.
constexpr std::size_t kTokensMin = 12;

// Bits of the lower part of a weight, which is unsigned.
constexpr int kLowBits = 7;

// One tile times one group.  A weight is its code times the scale of its block, an integer of at most 13 bits and a
// sign, in two bytes: 128 * high + low.  Each is multiplied with the codes of the inputs on its own, so that only the
// sums of a super-block, which are exact, go through vectors.
template <Format kFormat, std::size_t kTokens>
class TileProduct {
  static constexpr std::size_t kPart = part_tokens(kTokens);
  static constexpr std::size_t kParts = kTokens / kPart;
  static constexpr std::size_t kAbreast = kParts == 1 ? 1 : 2;  // parts that share a load of weights
  static constexpr std::size_t kSteps = kParts / kAbreast;      // of a super-block
  static constexpr std::size_t kPairs = kSuperBlocks / 2;
  static constexpr std::size_t kProductCodes = 2 * kGroups * kVectorBytes;  // of a pair of blocks
  using SuperBlock = ActivationSuperBlock<kPart>;
  using Pair = PairPlaces<kFormat>;
  using Weights = std::byte[kProductCodes];

 public:
  struct Scratch {
    alignas(64) Weights low[2][kPairs];  // of two super-blocks in turn
    alignas(64) Weights high[2][kPairs];
    alignas(64) std::int32_t sums[2][kAbreast][2][kPart * kTileRows];  // of two steps in turn; low, high
  };

  TileProduct(const std::byte* tile, std::size_t units, const std::byte* group, float* products, Scratch& scratch)
      : tile_(tile),
        units_(units),
        x_(reinterpret_cast<const SuperBlock*>(group)),
        products_(reinterpret_cast<float (*)[kTileRows]>(products)),
        scratch_(scratch) {}

  void run() {
    const Shapes shapes(kShapes);
    for (std::size_t i = 0; i < kTokens; ++i) store(products_[i], zero());
    if (units_ == 0) return;
    for (std::size_t pair = 0; pair < kPairs; ++pair) unpack(0, pair);
    const std::size_t steps = units_ * kSteps;
    start(0);
    for (std::size_t step = 0; step < steps; ++step) {
      if (step + 1 < steps) start(step + 1);
      finish(step);
    }
  }

 private:
  // Registers: sums [kAbreast][low, high], inputs of each part, weights low and high.
  static constexpr std::size_t kInputs = 4;
  static constexpr std::size_t kWeights = 6;
  static constexpr TileShapes kShapes = shapes_of(kPart, kInputs, kWeights, kRegisterBytes);

  const std::byte* unit_at(std::size_t unit) const { return tile_ + unit * unit_bytes(kFormat); }

  // The sums of one super-block for the tokens of some parts, and a share of unpacking the next super-block.
  SIXFOLD_INLINE void start(std::size_t step) {
    const std::size_t unit = step / kSteps;
    const SuperBlock* x = x_ + step % kSteps * kAbreast * units_ + unit;
    unroll<2 * kAbreast>([&](auto i) SIXFOLD_INLINE_LAMBDA { clear_tile<i>(); });
    for (std::size_t pair = 0; pair < kPairs; ++pair) {
      load_tile<kWeights>(scratch_.low[unit % 2][pair], kVectorBytes);
      load_tile<kWeights + 1>(scratch_.high[unit % 2][pair], kVectorBytes);
      unroll<kAbreast>([&](auto part) SIXFOLD_INLINE_LAMBDA {
        load_tile<kInputs + part>(codes_of(x[part * units_], pair), kRegisterBytes);
        add_int8_products<2 * part, kInputs + part, kWeights>();
        add_int8_products<2 * part + 1, kInputs + part, kWeights + 1>();
      });
      if (pair % kSteps == 0 && unit + 1 < units_) unpack(unit + 1, step % kSteps * (kPairs / kSteps) + pair / kSteps);
    }
    unroll<2 * kAbreast>(
        [&](auto i) SIXFOLD_INLINE_LAMBDA { store_tile<i>(scratch_.sums[step % 2][i / 2][i % 2], kVectorBytes); });
  }

  // [kPart][2 blocks]
  static const std::int8_t* codes_of(const SuperBlock& x, std::size_t pair) { return x.codes[2 * pair][0]; }

  SIXFOLD_INLINE void finish(std::size_t step) {
    const std::size_t unit = step / kSteps;
    for (std::size_t i = 0; i < kAbreast; ++i) {
      const std::size_t part = step % kSteps * kAbreast + i;
      const std::int32_t* low = scratch_.sums[step % 2][i][0];
      const std::int32_t* high = scratch_.sums[step % 2][i][1];
      SuperSum sums[kPart];
      unroll<kPart>([&](auto t) SIXFOLD_INLINE_LAMBDA {
        const __m512i shifted = _mm512_slli_epi32(_mm512_load_si512(high + t * kTileRows), kLowBits);
        sums[t] = _mm512_add_epi32(shifted, _mm512_load_si512(low + t * kTileRows));
      });
      end_super_block<kFormat, kPart>(unit_at(unit), 0, x_[part * units_ + unit], 1.0f, sums, products_ + part * kPart);
    }
  }

  SIXFOLD_INLINE void unpack(std::size_t unit, std::size_t pair) {
    const std::byte* at = unit_at(unit) + header_bytes(kFormat) + pair * Pair::kBytes;
    std::byte* low = scratch_.low[unit % 2][pair];
    std::byte* high = scratch_.high[unit % 2][pair];
    if (pair == 0) prefetch<kFormat, header_bytes(kFormat), kTokens>(unit_at(unit));
    prefetch<kFormat, Pair::kFirstPlanes, kTokens>(at);
    unpack_block(at + Pair::kFirstPlanes, at, low, high);
    unpack_block(at + Pair::kSecondPlanes, at + Pair::kSecondScales, low + kProductCodes / 2, high + kProductCodes / 2);
  }

  static SIXFOLD_INLINE void unpack_block(const std::byte* planes, const std::byte* scales, std::byte* low,
                                          std::byte* high) {
    prefetch<kFormat, plane_bytes(kFormat), kTokens>(planes);
    constexpr std::size_t kHalves = traits_of(kFormat).halves;
    const BlockCodes<kFormat> block(planes);
    SuperScale scale[kHalves];
    load_super_scales<kFormat>(scales, 0, scale);
    unroll<kHalves>([&](auto half) SIXFOLD_INLINE_LAMBDA { scale[half] = in_pairs(scale[half]); });
    unroll<kGroups>([&](auto g) SIXFOLD_INLINE_LAMBDA {
      store_weights(block.codes[g], scale[g * kHalves / kGroups], low + g * kVectorBytes, high + g * kVectorBytes);
    });
  }

  static constexpr bool kIsRaw = form_of(kFormat) == CodeForm::kRaw;

  // Each scale in both halves of its 32 bits, times what shifted codes need.
  static SIXFOLD_INLINE __m512i in_pairs(__m512i scale) {
    // A product's upper half is what remains of 8 bits of place, of the shift, and of this.
    if constexpr (!kIsRaw) scale = _mm512_slli_epi32(scale, 8 - shift_of(kFormat));
    return _mm512_mask_mov_epi16(_mm512_slli_epi32(scale, 16), 0x55555555, scale);
  }

  static SIXFOLD_INLINE void store_weights(__m512i codes, __m512i scale, std::byte* low, std::byte* high) {
    __m512i even;
    __m512i odd;
    if constexpr (kIsRaw) {
      even = _mm512_mullo_epi16(_mm512_and_si512(codes, _mm512_set1_epi16(0x00ff)), scale);
      odd = _mm512_mullo_epi16(_mm512_srli_epi16(codes, 8), scale);
    } else {
      even = _mm512_mulhi_epi16(_mm512_slli_epi16(codes, 8), scale);
      odd = _mm512_mulhi_epi16(_mm512_andnot_si512(_mm512_set1_epi16(0x00ff), codes), scale);
    }
    constexpr __mmask64 kOdd = 0xaaaaaaaaaaaaaaaa;
    const __m512i lows = _mm512_mask_mov_epi8(even, kOdd, _mm512_slli_epi16(odd, 8));
    const __m512i highs =
        _mm512_mask_mov_epi8(_mm512_srai_epi16(even, kLowBits), kOdd, _mm512_slli_epi16(odd, 8 - kLowBits));
    _mm512_store_si512(low, _mm512_and_si512(lows, _mm512_set1_epi8((1 << kLowBits) - 1)));
    _mm512_store_si512(high, highs);
  }

  const std::byte* tile_;
  std::size_t units_;
  const SuperBlock* x_;  // [kParts][units], of which codes are [blocks / 2][kPart][2]
  float (*products_)[kTileRows];
  Scratch& scratch_;
};

void make_super_blocks(const float* x, std::size_t stride, std::size_t cols, std::size_t tokens, std::size_t begin,
                       std::size_t end, std::byte* group) {
  const auto make = tokens < kTokensMin ? quantize_super_blocks_of<1> : quantize_super_blocks_of<2>;
  make(x, stride, cols, tokens, begin, end, group);
}

template <Format kFormat>
constexpr OwnKernels own() {
  return own_kernels<TileProduct, kFormat, make_super_blocks, kTokensMin>();
}

}  // namespace

extern const OwnKernels amx_super[6];
const OwnKernels amx_super[6] = {own<Format::kSuperQ2Min>(), own<Format::kSuperQ3>(), own<Format::kSuperQ4Min>(),
                                 own<Format::kSuperQ5Min>(), own<Format::kSuperQ6>(), own<Format::kSuperQ4Table>()};

}  // namespace sixfold::kernels
