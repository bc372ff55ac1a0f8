// Products of F16 weights with AMX.  Inputs and weights are integers of two bytes, with scales for 256 inputs: three
// products of bytes and one conversion do what takes vectors of words, and a float operation for every 32 inputs, three
// times as long.  Of
//   (256 * high + low) * (256 * x high + x low)
// low * x low is left out, which is 2^-16 of the largest product.  Few tokens are multiplied as words by vectors:
//   (256 * high + low) * x high + high * x low
// is the same integer, and the float operations are shared, so that an output's bits do not depend on the group.
#include <immintrin.h>

#include "kernels/matmul_table.h"

namespace sixfold::kernels {
namespace {

// clang-format off
#include "kernels/body/amx_int8.inc"
#include "kernels/body/amx_bytes.inc"
// clang-format on

// Fewer tokens are faster without tiles.
constexpr std::size_t kTokensMin = 3;

constexpr std::size_t kPairBlocks = 2;
constexpr std::size_t kUnitBytes = kRunStepsBytes + kRunBlocks * unit_bytes(Format::kFixed);
constexpr std::size_t kShift = 15 - kFixedBits;  // codes move up as far as they can

// A group's inputs, [parts][units] of [high, low][pairs][kPart][2 blocks], and their scales, [parts][units][kPart].
template <std::size_t kPart>
class WideInputs {
 public:
  WideInputs(std::size_t units, const std::byte* group, std::size_t tokens)
      : units_(units), group_(group), scales_(reinterpret_cast<const float*>(group + tokens * units * kWideCodes)) {}

  // Of one pair of blocks; byte 0 is the high one.
  SIXFOLD_INLINE const std::int8_t* codes(std::size_t unit, std::size_t part, std::size_t byte,
                                          std::size_t pair) const {
    constexpr std::size_t kPairBytes = kPart * kRegisterBytes;
    const std::size_t at = (part * units_ + unit) * kPart * kWideCodes + (byte * kUnitPairs + pair) * kPairBytes;
    return reinterpret_cast<const std::int8_t*>(group_) + at;
  }
  // Adds what the integer sums of a unit, whose weights begin at `run`, count.
  SIXFOLD_INLINE void add(const std::byte* run, std::size_t unit, std::size_t part, const Ints (&sums)[kPart],
                          float (*products)[kTileRows]) const {
    const float* scales = scales_ + (part * units_ + unit) * kPart;
    const Floats steps = mul(load(reinterpret_cast<const float*>(run)), broadcast(256.0f / (1u << kShift)));
    unroll<kPart>([&](auto t) SIXFOLD_INLINE_LAMBDA {
      store(products[t], fma(mul(steps, broadcast(scales[t])), to_float(sums[t]), load(products[t])));
    });
  }

 private:
  std::size_t units_;
  const std::byte* group_;
  const float* scales_;
};

constexpr std::size_t units_of(std::size_t blocks) {
  return (blocks + kSuperBlocks - 1) / kSuperBlocks;
}
constexpr std::size_t blocks_of(std::size_t unit, std::size_t blocks) {
  const std::size_t left = blocks - unit * kSuperBlocks;
  return left < kSuperBlocks ? left : kSuperBlocks;
}

// ---- Many tokens ----

template <std::size_t kOfPart, std::size_t kPartsAbreast>
class FixedWay {
 public:
  static constexpr std::size_t kPart = kOfPart;
  static constexpr std::size_t kAbreast = kPartsAbreast;
  static constexpr std::size_t kInputBytes = 2;

  FixedWay(std::size_t blocks, const std::byte* group, std::size_t tokens)
      : blocks_(blocks), x_(units_of(blocks), group, tokens) {}

  std::size_t units() const { return units_of(blocks_); }
  std::size_t pairs_of(std::size_t unit) const { return (blocks_of(unit, blocks_) + 1) / kPairBlocks; }

  template <std::size_t kByte>
  SIXFOLD_INLINE const std::int8_t* codes(std::size_t unit, std::size_t part, std::size_t pair) const {
    return x_.codes(unit, part, kByte, pair);
  }

  SIXFOLD_INLINE void unpack(const UnitPlace& place, std::size_t pair, std::byte* low, std::byte* high) const {
    constexpr std::size_t kBytes = unit_bytes(Format::kFixed);
    const std::byte* run = run_of(place);
    const std::byte* at = run + kRunStepsBytes + pair * kPairBlocks * kBytes;
    if (pair == 0) prefetch<Format::kFixed, kRunStepsBytes, kPart>(run);
    unpack_block(at, low, high);
    // Where there is no second block its inputs are zeros.
    if (pair * kPairBlocks + 1 < blocks_of(place.unit, blocks_)) {
      unpack_block(at + kBytes, low + kPairCodes / 2, high + kPairCodes / 2);
    }
  }

  SIXFOLD_INLINE void finish(const UnitPlace& place, std::size_t part, const Ints (&sums)[kPart],
                             float (*products)[kTileRows]) const {
    x_.add(run_of(place), place.unit, part, sums, products);
  }

 private:
  static SIXFOLD_INLINE const std::byte* run_of(const UnitPlace& place) { return place.tile + place.unit * kUnitBytes; }

  static SIXFOLD_INLINE void unpack_block(const std::byte* at, std::byte* low, std::byte* high) {
    prefetch<Format::kFixed, unit_bytes(Format::kFixed), kPart>(at);
    unroll<kGroups>([&](auto g) SIXFOLD_INLINE_LAMBDA {
      const __m512i first = _mm512_slli_epi16(load_codes(at + 2 * g * kVectorBytes), kShift);  // inputs 0, 1
      const __m512i second = _mm512_slli_epi16(load_codes(at + (2 * g + 1) * kVectorBytes), kShift);
      const __m512i even = _mm512_mask_mov_epi16(first, 0xaaaaaaaa, _mm512_slli_epi32(second, 16));
      const __m512i odd = _mm512_mask_mov_epi16(second, 0x55555555, _mm512_srli_epi32(first, 16));
      store_bytes(even, odd, low + g * kVectorBytes, high + g * kVectorBytes);
    });
  }

  std::size_t blocks_;
  WideInputs<kPart> x_;
};

// ---- Few tokens ----

// Sums of a whole unit are added up side by side, because one alone would wait for each of its own.
constexpr std::size_t chains_of(std::size_t tokens) {
  return tokens == 1 ? 4 : tokens < 4 ? 2 : 1;
}

// Adds a block.  words: [high, low][16 pairs][kTokens].
template <std::size_t kTokens, std::size_t kChains>
SIXFOLD_INLINE void add_words(const std::byte* at, const std::int32_t (*words)[kBlockPairs][kTokens],
                              Ints (&sums)[kTokens][kChains]) {
  prefetch<Format::kFixed, unit_bytes(Format::kFixed), kTokens>(at);
  unroll<kBlockPairs>([&](auto pair) SIXFOLD_INLINE_LAMBDA {
    const __m512i weights = _mm512_slli_epi16(load_pairs(at + pair * kVectorBytes), kShift);
    const __m512i high = _mm512_srai_epi16(weights, 8);
    unroll<kTokens>([&](auto t) SIXFOLD_INLINE_LAMBDA {
      Ints& sum = sums[t][2 * pair % kChains];
      Ints& other = sums[t][(2 * pair + 1) % kChains];
      sum = add_pair_products(sum, weights, &words[0][pair][t]);
      other = add_pair_products(other, high, &words[1][pair][t]);
    });
  });
}

// The inputs of a block, as words.
template <std::size_t kTokens>
SIXFOLD_INLINE void widen(const WideInputs<kTokens>& x, std::size_t unit, std::size_t block,
                          std::int32_t (*words)[kBlockPairs][kTokens]) {
  for (std::size_t byte = 0; byte < 2; ++byte) {
    const std::int8_t* codes = x.codes(unit, 0, byte, block / kPairBlocks) + block % kPairBlocks * kBlock;
    for (std::size_t t = 0; t < kTokens; ++t) {
      const auto* from = reinterpret_cast<const __m256i*>(codes + t * kRegisterBytes);
      const __m512i pairs = _mm512_cvtepi8_epi16(_mm256_loadu_si256(from));
      if constexpr (kTokens == 1) {
        _mm512_store_si512(words[byte], pairs);
      } else {
        alignas(64) std::int32_t each[kBlockPairs];
        _mm512_store_si512(each, pairs);
        unroll<kBlockPairs>([&](auto pair) SIXFOLD_INLINE_LAMBDA { words[byte][pair][t] = each[pair]; });
      }
    }
  }
}

template <std::size_t kTokens>
void multiply_words(const TileRun& tiles, std::size_t blocks, const std::byte* group, float* products) {
  constexpr std::size_t kChains = chains_of(kTokens);
  const std::size_t units = units_of(blocks);
  const WideInputs<kTokens> x(units, group, kTokens);
  auto* rows = reinterpret_cast<float(*)[kTileRows]>(products);
  for (std::size_t i = 0; i < tiles.count * kTokens; ++i) store(rows[i], zero());
  const std::byte* tile = tiles.first;
  for (std::size_t i = 0; i < tiles.count; ++i, tile += tiles.tile_bytes, rows += kTokens) {
    for (std::size_t unit = 0; unit < units; ++unit) {
      const std::byte* run = tile + unit * kUnitBytes;
      prefetch<Format::kFixed, kRunStepsBytes, kTokens>(run);
      Ints sums[kTokens][kChains];
      unroll<kTokens>([&](auto t) SIXFOLD_INLINE_LAMBDA {
        unroll<kChains>([&](auto chain) SIXFOLD_INLINE_LAMBDA { sums[t][chain] = zero_ints(); });
      });
      const std::size_t count = blocks_of(unit, blocks);
      const std::byte* at = run + kRunStepsBytes;
      for (std::size_t block = 0; block < count; ++block, at += unit_bytes(Format::kFixed)) {
        alignas(64) std::int32_t words[2][kBlockPairs][kTokens];
        widen(x, unit, block, words);
        add_words(at, words, sums);
      }
      Ints totals[kTokens];
      unroll<kTokens>([&](auto t) SIXFOLD_INLINE_LAMBDA {
        totals[t] = sums[t][0];
        unroll<kChains - 1>([&](auto chain)
                                SIXFOLD_INLINE_LAMBDA { totals[t] = _mm512_add_epi32(totals[t], sums[t][chain + 1]); });
      });
      x.add(run, unit, 0, totals, rows);
    }
  }
}

// ---- Inputs ----

// One unit of one token.  count: inputs that there are.  codes: of its first pair's high bytes; step: from pair to
// pair.
float make_unit(const float* x, std::size_t count, std::byte* codes, std::size_t step) {
  constexpr std::size_t kLanes = 16;
  constexpr std::size_t kOfPair = kRegisterBytes / kLanes;
  const auto load_some = [&](std::size_t i) SIXFOLD_INLINE_LAMBDA {
    const std::size_t left = count > i * kLanes ? count - i * kLanes : 0;
    return _mm512_maskz_loadu_ps(static_cast<__mmask16>(left >= kLanes ? 0xffffu : (1u << left) - 1u), x + i * kLanes);
  };
  __m512i largest = _mm512_setzero_si512();
  unroll<kWideInputs / kLanes>([&](auto i) SIXFOLD_INLINE_LAMBDA {
    const __m512i magnitude = _mm512_and_si512(_mm512_castps_si512(load_some(i)), _mm512_set1_epi32(0x7fffffff));
    largest = _mm512_max_epi32(largest, magnitude);
  });
  const float scale = block_scale(_mm512_reduce_max_epi32(largest), kWideMax);
  const Floats inverse = broadcast(has_codes(scale) ? 1.0f / scale : 0.0f);
  for (std::size_t pair = 0; pair < kUnitPairs; ++pair) {
    unroll<kOfPair>([&](auto i) SIXFOLD_INLINE_LAMBDA {
      const __m512i code = _mm512_cvtps_epi32(mul(load_some(pair * kOfPair + i), inverse));
      const __m512i high = _mm512_srai_epi32(_mm512_add_epi32(code, _mm512_set1_epi32(128)), 8);
      std::byte* to = codes + pair * step + i * kLanes;
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(high));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + kUnitPairs * step), _mm512_cvtepi32_epi8(code));
    });
  }
  return scale;
}

void make_wide(const float* x, std::size_t stride, std::size_t cols, std::size_t tokens, std::size_t begin,
               std::size_t end, std::byte* group) {
  const std::size_t units = (cols + kWideInputs - 1) / kWideInputs;
  const std::size_t part = part_tokens(tokens);
  auto* scales = reinterpret_cast<float*>(group + tokens * units * kWideCodes);
  for (std::size_t t = 0; t < tokens; ++t) {
    for (std::size_t unit = begin; unit < end; ++unit) {
      const std::size_t first = unit * kWideInputs;
      const std::size_t at = (t / part * units + unit) * part;  // of the part's unit, in tokens
      std::byte* codes = group + at * kWideCodes + t % part * kRegisterBytes;
      scales[at + t % part] = make_unit(x + t * stride + first, cols - first, codes, part * kRegisterBytes);
    }
  }
}

}  // namespace

extern const OwnKernels amx_fixed;
const OwnKernels amx_fixed = {.format = Format::kFixed,
                              .form = ActivationForm::kWide,
                              .tokens_max = kGroupTokensMax,
                              .make = make_wide,
                              .multiply = run_kernels_of_sizes([](auto tokens) -> MultiplyRun {
                                if constexpr (tokens < kTokensMin)
                                  return multiply_words<tokens>;
                                else
                                  return multiply_bytes<FixedWay, tokens>;
                              })};

}  // namespace sixfold::kernels
