// Packs each block type of the GGUF format.  Block layouts: ggml, ggml-common.h and the dequantize_row functions.
#include "kernels/pack_blocks.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "core/check.h"

namespace sixfold::kernels {
namespace {

// 4 codes, one per byte, lowest input first.
using Word = std::uint32_t;
static_assert(std::endian::native == std::endian::little);

constexpr Word kLowNibbles = 0x0f0f0f0f;
constexpr Word kLowPairs = 0x03030303;
constexpr Word kLowBits = 0x01010101;

Word load_word(const std::byte* at) {
  Word word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

std::uint8_t load_byte(const std::byte* at) {
  return static_cast<std::uint8_t>(*at);
}

// Codes of one row's block of 32, unsigned and as wide as the format says.
using BlockCodes = std::array<Word, kGroups>;

// Writes one row's words of a block's planes.
template <Format kFormat>
void put_codes(const BlockCodes& codes, std::size_t row, std::byte* planes) {
  constexpr std::size_t kBits = traits_of(kFormat).bits;
  std::byte* to = planes + row * sizeof(Word);
  const auto put = [&to](Word word) {
    std::memcpy(to, &word, sizeof word);
    to += kVectorBytes;
  };
  std::size_t placed = 0;  // bits of each code already written
  if constexpr (kBits == 8) {
    for (const Word word : codes) put(word);
  } else if constexpr (kBits == 6) {
    for (std::size_t j = 0; j < 6; ++j) put(codes[j] << 2 | (codes[6 + j / 3] >> (4 - 2 * (j % 3)) & kLowPairs));
  } else if constexpr (kBits >= 4) {
    for (std::size_t j = 0; j < 4; ++j) put((codes[j] & kLowNibbles) | (codes[j + 4] & kLowNibbles) << 4);
    placed = 4;
  }
  if constexpr (kBits == 2 || kBits == 3) {
    for (std::size_t j = 0; j < 2; ++j) {
      Word word = 0;
      for (std::size_t i = 0; i < 4; ++i) word |= (codes[4 * j + i] & kLowPairs) << (2 * i);
      put(word);
    }
    placed = 2;
  }
  if constexpr (kBits == 3 || kBits == 5) {
    Word word = 0;
    for (std::size_t g = 0; g < kGroups; ++g) word |= (codes[g] >> placed & kLowBits) << g;
    put(word);
  }
}

// Copies the f16 at `from` to `row` of the f16[16] at `to`.
void put_f16(const std::byte* from, std::size_t row, std::byte* to) {
  std::memcpy(to + 2 * row, from, 2);
}

// 16 bytes of nibbles: inputs 0 .. 15 in the low ones, 16 .. 31 in the high ones.
BlockCodes nibble_codes(const std::byte* nibbles) {
  BlockCodes codes;
  for (std::size_t j = 0; j < 4; ++j) {
    const Word both = load_word(nibbles + 4 * j);
    codes[j] = both & kLowNibbles;
    codes[j + 4] = both >> 4 & kLowNibbles;
  }
  return codes;
}

// Adds bit i of `bits` as bit 4 of code i.
void add_fifth_bits(Word bits, BlockCodes& codes) {
  for (std::size_t g = 0; g < kGroups; ++g) {
    // 4 bits to 4 bytes: the copies at 0, 7, 14 and 21 put bit i at 8 * i.
    const Word four = bits >> (4 * g) & 0xf;
    codes[g] |= ((four | four << 7 | four << 14 | four << 21) & kLowBits) << 4;
  }
}

void pack_word(const std::byte* source, std::size_t row, std::byte* unit, std::byte* /*scales*/) {
  std::memcpy(unit + row * sizeof(Word), source, sizeof(Word));
}

// A line of each row: [16 rows][16 words] turned into [16 words][16 rows].
constexpr std::size_t kLineWords = 16;
using Lines = std::array<std::array<Word, kTileRows>, kLineWords>;

void read_lines(const std::byte* source, std::size_t row_bytes, Lines& lines) {
  for (std::size_t row = 0; row < kTileRows; ++row) {
    std::array<Word, kLineWords> line;
    std::memcpy(line.data(), source + row * row_bytes, sizeof line);
    for (std::size_t i = 0; i < kLineWords; ++i) lines[i][row] = line[i];
  }
}

// F32 and pairs of BF16: a word of each row is a unit.
std::size_t pack_word_lines(const std::byte* source, std::size_t row_bytes, std::size_t units, std::byte* to) {
  const std::size_t packed = units / kLineWords * kLineWords;
  Lines lines;
  for (std::size_t unit = 0; unit < packed; unit += kLineWords) {
    read_lines(source + unit * sizeof(Word), row_bytes, lines);
    std::memcpy(to + unit * kVectorBytes, lines.data(), sizeof lines);
  }
  return packed;
}

// Q8_0: d f16, i8[32].
void pack_q8_0(const std::byte* source, std::size_t row, std::byte* unit, std::byte* scales) {
  BlockCodes codes;
  for (std::size_t g = 0; g < kGroups; ++g) codes[g] = load_word(source + 2 + 4 * g) ^ 0x80808080;
  put_codes<Format::kQ8>(codes, row, unit);
  put_f16(source, row, scales);
}

// Q4_0, IQ4_NL: d f16, nibbles.
template <Format kFormat>
void pack_q4(const std::byte* source, std::size_t row, std::byte* unit, std::byte* scales) {
  put_codes<kFormat>(nibble_codes(source + 2), row, unit);
  put_f16(source, row, scales);
}

// Q4_1: d f16, m f16, nibbles.
void pack_q4_1(const std::byte* source, std::size_t row, std::byte* unit, std::byte* scales) {
  put_codes<Format::kQ4Min>(nibble_codes(source + 4), row, unit);
  put_f16(source, row, scales);
  put_f16(source + 2, row, scales + 2 * kTileRows);
}

// Q5_0: d f16, fifth bits u32, nibbles.
void pack_q5_0(const std::byte* source, std::size_t row, std::byte* unit, std::byte* scales) {
  BlockCodes codes = nibble_codes(source + 6);
  add_fifth_bits(load_word(source + 2), codes);
  put_codes<Format::kQ5>(codes, row, unit);
  put_f16(source, row, scales);
}

// Q5_1: d f16, m f16, fifth bits u32, nibbles.
void pack_q5_1(const std::byte* source, std::size_t row, std::byte* unit, std::byte* scales) {
  BlockCodes codes = nibble_codes(source + 8);
  add_fifth_bits(load_word(source + 4), codes);
  put_codes<Format::kQ5Min>(codes, row, unit);
  put_f16(source, row, scales);
  put_f16(source + 2, row, scales + 2 * kTileRows);
}

// Block b of a unit of a super format, and its scales.
template <Format kFormat>
std::byte* super_block(std::byte* unit, std::size_t b) {
  return unit + block_planes_at(kFormat, b);
}
template <Format kFormat>
std::byte* super_scales(std::byte* unit, std::size_t b) {
  return unit + block_scales_at(kFormat, b);
}

// Scale and min of block b, of the 12 bytes that Q4_K and Q5_K share: 6 bits each.
struct ScaleMin {
  std::uint8_t scale;
  std::uint8_t min;
};
ScaleMin six_bit_scale_min(const std::byte* packed, std::size_t b) {
  const auto at = [&](std::size_t i) { return load_byte(packed + i); };
  if (b < 4) return {static_cast<std::uint8_t>(at(b) & 63), static_cast<std::uint8_t>(at(b + 4) & 63)};
  return {static_cast<std::uint8_t>((at(b + 4) & 15) | (at(b - 4) >> 6) << 4),
          static_cast<std::uint8_t>((at(b + 4) >> 4) | (at(b) >> 6) << 4)};
}

// Q4_K: d f16, dmin f16, scales[12], nibbles[128].  Q5_K: fifth bits[32] before the nibbles.
// Nibble bytes 32i .. 32i+31 hold block 2i low and block 2i+1 high; bit b of fifth-bit byte j belongs to input j of
// block b.
template <Format kFormat>
void pack_k_min(const std::byte* source, std::size_t row, std::byte* unit, std::byte* /*scales*/) {
  constexpr bool kHasFifth = traits_of(kFormat).bits == 5;
  const std::byte* scales = source + 4;
  const std::byte* fifth = source + 16;
  const std::byte* nibbles = source + 16 + (kHasFifth ? 32 : 0);
  put_f16(source, row, unit);
  put_f16(source + 2, row, unit + 2 * kTileRows);
  for (std::size_t b = 0; b < kSuperBlocks; ++b) {
    BlockCodes codes;
    for (std::size_t g = 0; g < kGroups; ++g) {
      codes[g] = load_word(nibbles + b / 2 * 32 + 4 * g) >> (b % 2 * 4) & kLowNibbles;
      if constexpr (kHasFifth) codes[g] |= (load_word(fifth + 4 * g) >> b & kLowBits) << 4;
    }
    put_codes<kFormat>(codes, row, super_block<kFormat>(unit, b));
    const ScaleMin pair = six_bit_scale_min(scales, b);
    super_scales<kFormat>(unit, b)[row] = std::byte{pair.scale};
    unit[pair_mins_at(kFormat, b / 2) + 2 * row + b % 2] = std::byte{pair.min};
  }
}

// Q6_K: low nibbles[128], high pairs[64], scales i8[16], d f16.  For each 128 inputs, 64 nibble and 32 pair bytes:
// block i of the four takes nibble bytes 32 * (i % 2) .., low for i < 2, and bits 2i of the pair bytes.
void pack_q6_k(const std::byte* source, std::size_t row, std::byte* unit, std::byte* /*scales*/) {
  constexpr Format kFormat = Format::kSuperQ6;
  put_f16(source + 208, row, unit);
  for (std::size_t b = 0; b < kSuperBlocks; ++b) {
    const std::size_t i = b % 4;
    const std::byte* low = source + b / 4 * 64 + i % 2 * 32;
    const std::byte* high = source + 128 + b / 4 * 32;
    BlockCodes codes;
    for (std::size_t g = 0; g < kGroups; ++g) {
      codes[g] =
          (load_word(low + 4 * g) >> (i / 2 * 4) & kLowNibbles) | (load_word(high + 4 * g) >> (2 * i) & kLowPairs) << 4;
    }
    put_codes<kFormat>(codes, row, super_block<kFormat>(unit, b));
    for (std::size_t half = 0; half < 2; ++half) {
      super_scales<kFormat>(unit, b)[half * kTileRows + row] = source[192 + 2 * b + half];
    }
  }
}

// Q3_K: third bits[32], pairs[64], scales[12], d f16.  For each 128 inputs 32 pair bytes: block i of the four is at
// bits 2i.  Bit b of third-bit byte j belongs to input j of block b.  Scales: 6 bits, minus 32.
void pack_q3_k(const std::byte* source, std::size_t row, std::byte* unit, std::byte* /*scales*/) {
  constexpr Format kFormat = Format::kSuperQ3;
  const std::byte* scales = source + 96;
  put_f16(source + 108, row, unit);
  for (std::size_t b = 0; b < kSuperBlocks; ++b) {
    const std::byte* pairs = source + 32 + b / 4 * 32;
    BlockCodes codes;
    for (std::size_t g = 0; g < kGroups; ++g) {
      codes[g] = (load_word(pairs + 4 * g) >> (b % 4 * 2) & kLowPairs) | (load_word(source + 4 * g) >> b & kLowBits)
                                                                             << 2;
    }
    put_codes<kFormat>(codes, row, super_block<kFormat>(unit, b));
    for (std::size_t half = 0; half < 2; ++half) {
      const std::size_t s = 2 * b + half;
      const int low = load_byte(scales + s % 8) >> (s / 8 * 4) & 15;
      const int high = load_byte(scales + 8 + s % 4) >> (s / 4 * 2) & 3;
      super_scales<kFormat>(unit, b)[half * kTileRows + row] = static_cast<std::byte>((low | high << 4) - 32);
    }
  }
}

// Q2_K: scales[16] (scale low, min high nibble), pairs[64] as in Q3_K, d f16, dmin f16.
void pack_q2_k(const std::byte* source, std::size_t row, std::byte* unit, std::byte* /*scales*/) {
  constexpr Format kFormat = Format::kSuperQ2Min;
  put_f16(source + 80, row, unit);
  put_f16(source + 82, row, unit + 2 * kTileRows);
  for (std::size_t b = 0; b < kSuperBlocks; ++b) {
    const std::byte* pairs = source + 16 + b / 4 * 32;
    BlockCodes codes;
    for (std::size_t g = 0; g < kGroups; ++g) codes[g] = load_word(pairs + 4 * g) >> (b % 4 * 2) & kLowPairs;
    put_codes<kFormat>(codes, row, super_block<kFormat>(unit, b));
    std::memcpy(super_scales<kFormat>(unit, b) + 2 * row, source + 2 * b, 2);
  }
}

// IQ4_XS: d f16, high bits of the scales u16, low nibbles of the scales[4], nibbles[128]: 16 bytes a block as in Q4_0.
// Scales: 6 bits, minus 32.
void pack_iq4_xs(const std::byte* source, std::size_t row, std::byte* unit, std::byte* /*scales*/) {
  constexpr Format kFormat = Format::kSuperQ4Table;
  put_f16(source, row, unit);
  const unsigned high_bits = static_cast<unsigned>(load_byte(source + 2)) | static_cast<unsigned>(load_byte(source + 3))
                                                                                << 8;
  for (std::size_t b = 0; b < kSuperBlocks; ++b) {
    put_codes<kFormat>(nibble_codes(source + 8 + 16 * b), row, super_block<kFormat>(unit, b));
    const int low = load_byte(source + 4 + b / 2) >> (b % 2 * 4) & 15;
    const int high = static_cast<int>(high_bits >> (2 * b) & 3);
    super_scales<kFormat>(unit, b)[row] = static_cast<std::byte>((low | high << 4) - 32);
  }
}

struct PackRow {
  DType dtype;
  Format format;
  PackUnit pack_unit = nullptr;
  PackLines pack_lines = nullptr;
};

constexpr std::array<PackRow, kFormatCount> kPackRows = {{
    {DType::kF32, Format::kF32, pack_word, pack_word_lines},
    {DType::kF16, Format::kFixed},
    {DType::kBF16, Format::kBF16, pack_word, pack_word_lines},
    {DType::kQ8_0, Format::kQ8, pack_q8_0},
    {DType::kQ4_0, Format::kQ4, pack_q4<Format::kQ4>},
    {DType::kQ4_1, Format::kQ4Min, pack_q4_1},
    {DType::kQ5_0, Format::kQ5, pack_q5_0},
    {DType::kQ5_1, Format::kQ5Min, pack_q5_1},
    {DType::kIQ4_NL, Format::kQ4Table, pack_q4<Format::kQ4Table>},
    {DType::kQ2_K, Format::kSuperQ2Min, pack_q2_k},
    {DType::kQ3_K, Format::kSuperQ3, pack_q3_k},
    {DType::kQ4_K, Format::kSuperQ4Min, pack_k_min<Format::kSuperQ4Min>},
    {DType::kQ5_K, Format::kSuperQ5Min, pack_k_min<Format::kSuperQ5Min>},
    {DType::kQ6_K, Format::kSuperQ6, pack_q6_k},
    {DType::kIQ4_XS, Format::kSuperQ4Table, pack_iq4_xs},
}};

const PackRow& pack_row(DType dtype) {
  for (const PackRow& row : kPackRows) {
    if (row.dtype == dtype) return row;
  }
  internal::check_failed("a row of kPackRows for every DType", __FILE__, __LINE__);
}

}  // namespace

Format format_of(DType dtype) {
  return pack_row(dtype).format;
}

PackUnit pack_unit_of(DType dtype) {
  return pack_row(dtype).pack_unit;
}

PackLines pack_lines_of(DType dtype) {
  return pack_row(dtype).pack_lines;
}

}  // namespace sixfold::kernels
