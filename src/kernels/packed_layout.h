// How packed weights lie in memory: shared by packing, by matmul and by the kernels of every instruction set.
// Read by the isa_*.cc files, which use its functions only in constant expressions (see check_weak.sh).
#pragma once
#include <cstddef>
#include <cstdint>

namespace sixfold::kernels {

// Moves whenever the bytes of any packed format do.
constexpr std::uint32_t kPackedLayoutVersion = 8;

constexpr std::size_t kTileRows = 16;        // weight rows (outputs) that lie interleaved in one tile
constexpr std::size_t kBlock = 32;           // inputs that share one activation scale
constexpr std::size_t kSuperBlocks = 8;      // blocks behind one header
constexpr std::size_t kGroups = kBlock / 4;  // words per row and block
constexpr std::size_t kVectorBytes = kTileRows * 4;

// A packed matrix is a sequence of tiles of 16 rows; a tile is a sequence of units along the inputs.
//
// Float formats: unit = one input, [16 rows] of the element type.  BF16: unit = two inputs, [16 rows][2], which a dot
// product of pairs reads as they are; behind an odd number of inputs comes a zero.
// Fixed point: unit = a block of 32 inputs, [16 pairs][16 rows][2] i16; before each 8 blocks, a run, comes the step of
// each row f32[16].  A weight is step * code.  The step is a power of two that gives the largest weight of a row's run
// 13 bits, so that the sum of 32 products with codes of 13 bits fits 32 bits; F16 weights, which have 11 bits, lose
// nothing from a quarter of the largest up, and below that at most half a step.  A run with a weight that is not finite
// has an infinite step.  Behind the last input come zeros.
// Integer formats: unit = a block of 32 inputs, or a super-block of 8 blocks behind a header.  Blocks lie in pairs:
// scales of both, then code planes of both, so that a vector of codes seldom lies in two cache lines, and lines are
// touched in the order of memory, which is what hardware prefetches.
//   plain                 an odd number of blocks ends in a pair whose second block is zeros
//   code planes           A word is the 4 codes of one row at inputs 4g .. 4g+3 of the block; a plane vector is one
//                         word per row, 64 bytes.  A code of 5 bits has a 4-bit and a 1-bit plane, of 3 bits 2 and 1;
//                         lowest bits first.
//     8 bits              8 vectors, vector g = group g
//     6 bits              6 vectors, vector j = group j in the high 6 bits; in the low 2 bits, highest first, vectors
//                         0, 1 and 2 have the codes of group 6, and 3, 4 and 5 those of group 7
//     4 bits              4 vectors, vector j = group j in the low nibbles, group j + 4 in the high nibbles
//     2 bits              2 vectors, vector j = groups 4j .. 4j+3 at bits 0, 2, 4, 6
//     1 bit               1 vector, bit g = group g
//   scales, plain         d f16[16]; with has_min also min f16[16]
//   header, super         d f16[16]; with has_min also dmin f16[16]
//   scales of a pair, super
//     halves == 1         scale u8[2][16] (i8 without has_min); with has_min then min u8[16][2]
//     halves == 2         scale i8[2][2][16]; with has_min one u8[2][16][2], scale | min << 4
// A weight is scale * (code - zero_point), or scale * code + min (plain) or scale * code - min (super).
// With has_table it is scale * kNonlinear[code].
enum class Format : std::uint8_t {
  kF32,
  kFixed,  // F16
  kBF16,
  kQ8,            // Q8_0
  kQ4,            // Q4_0
  kQ4Min,         // Q4_1
  kQ5,            // Q5_0
  kQ5Min,         // Q5_1
  kQ4Table,       // IQ4_NL
  kSuperQ2Min,    // Q2_K
  kSuperQ3,       // Q3_K
  kSuperQ4Min,    // Q4_K
  kSuperQ5Min,    // Q5_K
  kSuperQ6,       // Q6_K
  kSuperQ4Table,  // IQ4_XS
};
constexpr std::size_t kFormatCount = 15;

struct FormatTraits {
  std::size_t bits;    // of a code, or of a float
  std::size_t halves;  // scales per block: 1, or 2 (one per 16 inputs); 0 for floats and fixed point
  bool has_min;
  bool has_table;
  bool is_super;
};

constexpr FormatTraits kFormatTraits[kFormatCount] = {
    {32, 0, false, false, false}, {16, 0, false, false, false}, {16, 0, false, false, false},
    {8, 1, false, false, false},  {4, 1, false, false, false},  {4, 1, true, false, false},
    {5, 1, false, false, false},  {5, 1, true, false, false},   {4, 1, false, true, false},
    {2, 2, true, false, true},    {3, 2, false, false, true},   {4, 1, true, false, true},
    {5, 1, true, false, true},    {6, 2, false, false, true},   {4, 1, false, true, true},
};

constexpr FormatTraits traits_of(Format format) {
  return kFormatTraits[static_cast<std::size_t>(format)];
}

constexpr bool is_fixed(Format format) {
  return format == Format::kFixed;
}

constexpr bool is_float(Format format) {
  return traits_of(format).halves == 0 && !is_fixed(format);
}

constexpr std::size_t plane_bytes(Format format) {
  return traits_of(format).bits * kVectorBytes;
}

// Of d, and min or dmin where the format has it.
constexpr std::size_t factor_bytes(Format format) {
  return 2 * kTileRows * (traits_of(format).has_min ? 2 : 1);
}

// Before the blocks of a super format.
constexpr std::size_t header_bytes(Format format) {
  return traits_of(format).is_super ? factor_bytes(format) : 0;
}

// Of a block's scales; of a super format without the mins that lie apart.
constexpr std::size_t scale_bytes(Format format) {
  return traits_of(format).is_super ? traits_of(format).halves * kTileRows : factor_bytes(format);
}

// Of a pair of blocks, before their code planes.
constexpr std::size_t pair_scale_bytes(Format format) {
  const FormatTraits traits = traits_of(format);
  const bool has_mins = traits.is_super && traits.has_min && traits.halves == 1;
  return 2 * scale_bytes(format) + (has_mins ? 2 * kTileRows : 0);
}

// Of integer formats.
constexpr std::size_t pair_bytes(Format format) {
  return pair_scale_bytes(format) + 2 * plane_bytes(format);
}

// Where the scales and the code planes of a block lie: in a unit of a super format, or in a tile of a plain one.
constexpr std::size_t block_scales_at(Format format, std::size_t block) {
  return header_bytes(format) + block / 2 * pair_bytes(format) + block % 2 * scale_bytes(format);
}

constexpr std::size_t block_planes_at(Format format, std::size_t block) {
  return header_bytes(format) + block / 2 * pair_bytes(format) + pair_scale_bytes(format) +
         block % 2 * plane_bytes(format);
}

// Mins of two blocks, u8[16][2], of super formats with one scale a block.
constexpr std::size_t pair_mins_at(Format format, std::size_t pair) {
  return block_scales_at(format, 2 * pair) + 2 * scale_bytes(format);
}

constexpr bool is_plain(Format format) {
  return traits_of(format).halves != 0 && !traits_of(format).is_super;
}

// Inputs of one unit, and its bytes over the 16 rows.
constexpr std::size_t unit_inputs(Format format) {
  if (is_float(format)) return format == Format::kBF16 ? 2 : 1;
  return traits_of(format).is_super ? kBlock * kSuperBlocks : kBlock;
}

constexpr std::size_t unit_bytes(Format format) {
  if (is_float(format)) return traits_of(format).bits / 8 * kTileRows * unit_inputs(format);
  if (is_fixed(format)) return plane_bytes(format);
  return header_bytes(format) + unit_inputs(format) / kBlock * pair_bytes(format) / 2;
}

constexpr std::size_t kFixedBits = 13;            // of the largest weight of a row's run, and of a block's input
constexpr std::size_t kRunBlocks = kSuperBlocks;  // of fixed point, that share a step
constexpr std::size_t kRunInputs = kRunBlocks * kBlock;
constexpr std::size_t kRunStepsBytes = kTileRows * 4;  // of a run

// Where in a tile a unit begins; of plain formats, its code planes.
constexpr std::size_t unit_at(Format format, std::size_t unit) {
  if (is_fixed(format)) return (unit / kRunBlocks + 1) * kRunStepsBytes + unit * unit_bytes(format);
  if (!is_plain(format)) return unit * unit_bytes(format);
  return block_planes_at(format, unit);
}

// Where the run that begins with this block begins.
constexpr std::size_t run_at(std::size_t block) {
  return unit_at(Format::kFixed, block) - kRunStepsBytes;
}

// Where a unit's scales begin; for formats whose units have none of their own, where the unit does.
constexpr std::size_t scales_at(Format format, std::size_t unit) {
  if (!is_plain(format)) return unit_at(format, unit);
  return block_scales_at(format, unit);
}

constexpr std::size_t tile_bytes(Format format, std::size_t units) {
  if (is_fixed(format)) return units == 0 ? 0 : unit_at(format, units - 1) + unit_bytes(format);
  return (is_plain(format) ? units + units % 2 : units) * unit_bytes(format);
}

// Values that a code of the table types stands for.  Source: ggml, kvalues_iq4nl.
constexpr std::int8_t kNonlinear[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

}  // namespace sixfold::kernels
