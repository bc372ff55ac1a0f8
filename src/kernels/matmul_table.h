// What an instruction set provides for matrix products.  Read by the isa_*.cc files (see packed_layout.h).
#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/packed_layout.h"

namespace sixfold::kernels {

// Input rows are processed in groups of 1, 2, 3, 4, 6, 8, 12 or 16 ("tokens"), each copied into the order in which the
// kernel reads it.  Every output goes through the same operations whatever the group it is in.
//
// Float form of a group: [cols][tokens] f32.  Integer form: [cols / 32] of this:
template <std::size_t kTokens>
struct Int8Block {
  std::int8_t codes[kTokens][kBlock];    // round(x / scale), -127 .. 127
  float scale[kTokens];                  // max |x| / 127; NaN if a value is not finite
  std::int32_t offset[kTokens];          // -128 * sum of codes: cancels the zero point of unsigned weights
  float sum[kTokens];                    // scale * sum of codes
  std::int32_t half_offset[2][kTokens];  // the same for each 16 inputs
  float half_sum[2][kTokens];
};
constexpr std::size_t kInt8BlockBytes = sizeof(Int8Block<1>);  // per token

struct TokenGroup {
  const std::byte* data;
  std::size_t tokens;
  std::size_t first_row;
};

// A range of tiles of one matrix times all groups.
struct MatmulJob {
  const std::byte* weights;  // tile 0
  std::size_t tile_bytes;
  std::size_t tile_begin;
  std::size_t tile_end;
  std::size_t rows;  // of the matrix; the last tile may be partly filled
  std::size_t units;
  const TokenGroup* groups;
  std::size_t group_count;
  float* out;  // [input rows, rows] f32, out_stride from row to row
  std::size_t out_stride;
};

// Immutable; one per instruction set, for the whole process.
struct MatmulTable {
  std::size_t float_tokens_max;  // largest group
  std::size_t int8_tokens_max;
  // Writes blocks [block_begin, block_end) of a group's integer form.  x: [tokens, ...] f32, stride from row to row.
  void (*quantize)(const float* x, std::size_t stride, std::size_t tokens, std::size_t block_begin,
                   std::size_t block_end, std::byte* group);
  void (*multiply[kFormatCount])(const MatmulJob& job);  // by Format
};

}  // namespace sixfold::kernels
