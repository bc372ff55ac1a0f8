// Products of formats of super-blocks with AMX, for groups of many tokens; the others are those of isa_amx_matmul.cc.
// In both the sum of a super-block is exact, and float operations are shared, so that an output's bits do not depend on
// the group.
#include <immintrin.h>

#include "kernels/matmul_table.h"

namespace sixfold::kernels {
namespace {

// clang-format off
#include "kernels/body/amx_int8.inc"
#include "kernels/body/amx_bytes.inc"
// clang-format on

// Fewer tokens are faster without: it takes some 400 turns to unpack a super-block.
constexpr std::size_t kTokensMin = 12;

// A weight is its code times the scale of its block, an integer of at most 13 bits and a sign.
template <Format kFormat, std::size_t kOfPart, std::size_t kPartsAbreast>
class SuperWay {
 public:
  static constexpr std::size_t kPart = kOfPart;
  static constexpr std::size_t kAbreast = kPartsAbreast;
  static constexpr std::size_t kInputBytes = 1;

  SuperWay(std::size_t units, const std::byte* group, std::size_t /*tokens*/)
      : units_(units), x_(reinterpret_cast<const SuperBlock*>(group)) {}

  std::size_t units() const { return units_; }
  static std::size_t pairs_of(std::size_t /*unit*/) { return kUnitPairs; }

  template <std::size_t kByte>
  SIXFOLD_INLINE const std::int8_t* codes(std::size_t unit, std::size_t part, std::size_t pair) const {
    return x_[part * units_ + unit].codes[2 * pair][0];
  }

  SIXFOLD_INLINE void unpack(const UnitPlace& place, std::size_t pair, std::byte* low, std::byte* high) {
    const std::byte* unit = bytes_of(place);
    const std::byte* at = unit + header_bytes(kFormat) + pair * Pair::kBytes;
    if (pair == 0) prefetch<kFormat, header_bytes(kFormat), kPart>(unit);
    prefetch<kFormat, Pair::kFirstPlanes, kPart>(at);
    unpack_block(at + Pair::kFirstPlanes, at, low, high);
    unpack_block(at + Pair::kSecondPlanes, at + Pair::kSecondScales, low + kPairCodes / 2, high + kPairCodes / 2);
  }

  SIXFOLD_INLINE void finish(const UnitPlace& place, std::size_t part, const Ints (&sums)[kPart],
                             float (*products)[kTileRows]) const {
    end_super_block<kFormat, kPart>(bytes_of(place), 0, x_[part * units_ + place.unit], 1.0f, sums, products);
  }

 private:
  using SuperBlock = ActivationSuperBlock<kPart>;
  using Pair = PairPlaces<kFormat>;
  static constexpr bool kIsRaw = form_of(kFormat) == CodeForm::kRaw;

  static SIXFOLD_INLINE const std::byte* bytes_of(const UnitPlace& place) {
    return place.tile + place.unit * unit_bytes(kFormat);
  }

  static SIXFOLD_INLINE void unpack_block(const std::byte* planes, const std::byte* scales, std::byte* low,
                                          std::byte* high) {
    prefetch<kFormat, plane_bytes(kFormat), kPart>(planes);
    constexpr std::size_t kHalves = traits_of(kFormat).halves;
    const BlockCodes<kFormat> block(planes);
    SuperScale scale[kHalves];
    load_super_scales<kFormat>(scales, 0, scale);
    unroll<kHalves>([&](auto half) SIXFOLD_INLINE_LAMBDA {
      // The upper half of a product is what remains of 8 bits of place, of the shift, and of this.
      if constexpr (!kIsRaw) scale[half] = _mm512_slli_epi32(scale[half], 8 - shift_of(kFormat));
      scale[half] = in_both_words(scale[half]);
    });
    unroll<kGroups>([&](auto g) SIXFOLD_INLINE_LAMBDA {
      store_weights(block.codes[g], scale[g * kHalves / kGroups], low + g * kVectorBytes, high + g * kVectorBytes);
    });
  }

  static SIXFOLD_INLINE void store_weights(__m512i codes, __m512i scale, std::byte* low, std::byte* high) {
    const __m512i low_byte = _mm512_set1_epi16(0x00ff);
    if constexpr (kIsRaw) {
      store_bytes(_mm512_mullo_epi16(_mm512_and_si512(codes, low_byte), scale),
                  _mm512_mullo_epi16(_mm512_srli_epi16(codes, 8), scale), low, high);
    } else {
      store_bytes(_mm512_mulhi_epi16(_mm512_slli_epi16(codes, 8), scale),
                  _mm512_mulhi_epi16(_mm512_andnot_si512(low_byte, codes), scale), low, high);
    }
  }

  std::size_t units_;
  const SuperBlock* x_;  // [parts][units], of which codes are [blocks / 2][kPart][2]
};

void make_super_blocks(const float* x, std::size_t stride, std::size_t cols, std::size_t tokens, std::size_t begin,
                       std::size_t end, std::byte* group) {
  const auto make = tokens < kTokensMin ? quantize_super_blocks_of<1> : quantize_super_blocks_of<2>;
  make(x, stride, cols, tokens, begin, end, group);
}

template <Format kFormat>
struct Super {
  template <std::size_t kPart, std::size_t kAbreast>
  using Way = SuperWay<kFormat, kPart, kAbreast>;
};

template <Format kFormat>
constexpr OwnKernels own() {
  return own_kernels<kFormat, make_super_blocks>(kGroupTokensMax, [](auto tokens) -> MultiplyRun {
    if constexpr (tokens < kTokensMin)
      return nullptr;
    else
      return multiply_bytes<Super<kFormat>::template Way, tokens>;
  });
}

}  // namespace

extern const OwnKernels amx_super[6];
const OwnKernels amx_super[6] = {own<Format::kSuperQ2Min>(), own<Format::kSuperQ3>(), own<Format::kSuperQ4Min>(),
                                 own<Format::kSuperQ5Min>(), own<Format::kSuperQ6>(), own<Format::kSuperQ4Table>()};

}  // namespace sixfold::kernels
