// One piece of attention, as a kernel table computes it.  Private to kernels/.
// Read by the isa_*.cc files: nothing here may need an inline function of the standard library (see check_weak.sh).
#pragma once
#include <cstddef>
#include <cstdint>

namespace sixfold::kernels {

// Keys are taken in blocks that start at multiples of this within their page: a grid that does not depend on how a
// batch was cut, so that every row adds up in the same order.
inline constexpr std::size_t kKeyBlock = 32;

// The widest vector of any instruction set; rows of scratch memory are padded to it.
inline constexpr std::size_t kLanesMax = 16;

// All query heads that read one kv head, for consecutive rows of one sequence.
struct AttentionTile {
  const float* q = nullptr;  // [rows, group, head_dim], q_stride elements from row to row
  std::size_t q_stride = 0;
  float* out = nullptr;  // the same shape
  std::size_t out_stride = 0;
  std::size_t rows = 0;
  std::size_t group = 0;
  std::size_t head_dim = 0;
  std::size_t first_position = 0;  // of the first row
  std::size_t window = 0;          // 0 = unlimited
  float scale = 0;

  const std::uint32_t* pages = nullptr;
  const std::byte* k = nullptr;  // of page 0, this head: [head_dim, page_tokens]
  const std::byte* v = nullptr;  // of page 0, this head: [page_tokens, head_dim]
  std::size_t page_stride = 0;   // bytes
  std::size_t page_tokens = 0;
  bool is_f16 = false;

  // Scratch memory of this worker, f32, aligned to 64 bytes; queries = rows * group.
  std::size_t head_stride = 0;   // head_dim rounded up to kLanesMax
  float* queries = nullptr;      // [queries, head_stride], multiplied by scale
  float* outputs = nullptr;      // [queries, head_stride], not yet divided by the sum of weights
  float* scores = nullptr;       // [queries, kKeyBlock], then the weights
  float* sums = nullptr;         // [queries, kLanesMax], of weights, lane by lane
  float* maxima = nullptr;       // [queries], of scores so far
  float* corrections = nullptr;  // [queries], what the newest maximum shrinks earlier weights by
  float* keys = nullptr;         // [head_dim, kKeyBlock]
  float* values = nullptr;       // [kKeyBlock, head_stride]
};

}  // namespace sixfold::kernels
