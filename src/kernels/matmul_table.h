// What an instruction set provides for matrix products.  Read by the isa_*.cc files (see packed_layout.h).
#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/packed_layout.h"

namespace sixfold::kernels {

// Input rows are processed in groups of these sizes ("tokens"), each copied into the order in which the kernel reads
// it.  Every output goes through the same operations whatever the group it is in.
constexpr std::size_t kGroupSizes[] = {1, 2, 3, 4, 6, 8, 12, 16, 32, 64, 128, 256};
constexpr std::size_t kGroupSizeCount = 12;
constexpr std::size_t kGroupTokensMax = 256;

// The forms of a group.  A matrix reads one of them, and of it only what its format needs.
enum class ActivationForm : std::uint8_t {
  kFloats,     // [cols][tokens] f32; behind an odd number of inputs comes a zero
  kInt8,       // [cols / 32] of ActivationBlock
  kSuperInt8,  // [cols / 256] of ActivationSuperBlock
  kFixed,      // [cols / 32] of ActivationFixedBlock; behind the last input come zeros
  kPairs,      // pairs of bf16, in an order that the instruction set chooses; behind the last input come zeros
  kWide,       // [cols / 256] of 256 inputs in two bytes each, see kWideCodes; behind the last input come zeros
};
constexpr std::size_t kActivationFormCount = 6;

// An instruction set may have a way of its own for a format (see MatmulTable::reads).
constexpr ActivationForm form_read_by(Format format) {
  if (is_float(format)) return ActivationForm::kFloats;
  if (is_fixed(format)) return ActivationForm::kFixed;
  return traits_of(format).is_super ? ActivationForm::kSuperInt8 : ActivationForm::kInt8;
}

// 32 inputs with a scale of their own.
template <std::size_t kTokens>
struct ActivationBlock {
  std::int8_t codes[kTokens][kBlock];  // round(x / scale), -127 .. 127
  float scale[kTokens];                // max |x| / 127; NaN if a value is not finite
  std::int32_t offset[kTokens];        // -128 * sum of codes: cancels the zero point of unsigned weights
};
constexpr std::size_t kActivationBlockBytes = sizeof(ActivationBlock<1>);  // per token

// 256 inputs with one scale, so that the integer scales of a super-block's blocks can be applied to integers.  The
// formats of super-blocks were made for such inputs (ggml's Q8_K has the same resolution).
template <std::size_t kTokens>
struct ActivationSuperBlock {
  std::int8_t codes[kSuperBlocks][kTokens][kBlock];
  float scale[kTokens];
  std::int32_t half_offset[kSuperBlocks][2][kTokens];  // -128 * sum of the codes of 16 inputs
  std::int32_t half_sums[kSuperBlocks][kTokens];       // sums of both halves of a block, i16 each, first half low
  std::int32_t block_sums[kSuperBlocks / 2][kTokens];  // sums of two blocks, i16 each, first block low
};
constexpr std::size_t kActivationSuperBlockBytes = sizeof(ActivationSuperBlock<1>);  // per token

// 32 inputs in fixed point with a scale of their own.
constexpr std::size_t kBlockPairs = kBlock / 2;
constexpr std::int32_t kFixedMax = (1 << kFixedBits) - 1;
template <std::size_t kTokens>
struct ActivationFixedBlock {
  std::int32_t pairs[kBlockPairs][kTokens];  // two i16, round(x / scale), first input low
  float scale[kTokens];                      // max |x| / kFixedMax, divided by kHeadroom; NaN if a value is not finite
};
constexpr std::size_t kActivationFixedBlockBytes = sizeof(ActivationFixedBlock<1>);  // per token

// 256 inputs in fixed point with a scale of their own, each in two signed bytes, 256 * high + low: first the high ones
// of all, then the low ones; and behind the inputs of a whole group the scales [cols / 256][tokens] f32, max |x| /
// kWideMax, NaN if a value is not finite.
constexpr std::size_t kWideInputs = kBlock * kSuperBlocks;
constexpr std::int32_t kWideMax = 127 * 256;
constexpr std::size_t kWideCodes = 2 * kWideInputs;  // bytes

constexpr std::size_t bytes_per_token(ActivationForm form, std::size_t cols) {
  if (form == ActivationForm::kWide) return (cols + kWideInputs - 1) / kWideInputs * (kWideCodes + sizeof(float));
  if (form == ActivationForm::kFloats) return (cols + cols % 2) * sizeof(float);
  if (form == ActivationForm::kPairs) return (cols + kBlock - 1) / kBlock * kBlockPairs * sizeof(std::uint32_t);
  if (form == ActivationForm::kFixed) return (cols + kBlock - 1) / kBlock * kActivationFixedBlockBytes;
  if (form == ActivationForm::kInt8) return cols / kBlock * kActivationBlockBytes;
  return cols / (kBlock * kSuperBlocks) * kActivationSuperBlockBytes;
}

// Inputs of one unit of a form that an instruction set makes.
constexpr std::size_t unit_inputs(ActivationForm form) {
  if (form == ActivationForm::kPairs) return 2;
  return form == ActivationForm::kSuperInt8 || form == ActivationForm::kWide ? kBlock * kSuperBlocks : kBlock;
}

// Writes units [begin, end) of a group.  x: [tokens, cols] f32, stride from row to row.  A unit that reaches beyond the
// last input is filled up with zeros.
using MakeForm = void (*)(const float* x, std::size_t stride, std::size_t cols, std::size_t tokens, std::size_t begin,
                          std::size_t end, std::byte* group);

// products: [tokens][16] f32 = one tile times one group.
using MultiplyTile = void (*)(const std::byte* tile, std::size_t units, const std::byte* group, float* products);

// Tiles that lie one behind the other.
struct TileRun {
  const std::byte* first;
  std::size_t tile_bytes;
  std::size_t count;
};

// The same for several tiles.  products: [count][tokens][16] f32.
using MultiplyRun = void (*)(const TileRun& tiles, std::size_t units, const std::byte* group, float* products);

struct FormatKernels {
  MultiplyTile of_size[kGroupSizeCount];     // as kGroupSizes; null above the largest group of the format's form
  MultiplyRun run_of_size[kGroupSizeCount];  // in place of them where it is not null
};

// One format's products as an instruction set makes them in place of those of the table that it builds on.
struct OwnKernels {
  Format format;
  ActivationForm form;
  std::size_t tokens_max;
  MakeForm make;           // null: as before
  FormatKernels multiply;  // null: as before
};

// Immutable; one per instruction set, for the whole process.
struct MatmulTable {
  // Tiles of about this many bytes stay in the second-level cache while all groups pass, so that weights come from
  // memory once, and a group, read again for each of these tiles, from farther away only for the first.
  std::size_t together_bytes = std::size_t{256} << 10;
  // A group is as large as its form allows, but no larger than this: it is read again for every tile.
  std::size_t group_bytes = std::size_t{512} << 10;
  // Outputs of at least so many bytes are stored past the caches: they would not stay until somebody reads them, and to
  // fetch their lines before writing takes long where caches are far away.
  std::size_t past_caches_bytes = ~std::size_t{0};
  ActivationForm reads[kFormatCount];            // by Format
  std::size_t tokens_max[kActivationFormCount];  // largest group, by ActivationForm
  MakeForm make[kActivationFormCount];           // null for floats, and where no format reads the form
  FormatKernels multiply[kFormatCount];          // by Format
};

}  // namespace sixfold::kernels
