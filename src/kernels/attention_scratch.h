// Scratch memory of attention.  Private to kernels/.
#pragma once
#include <cstddef>
#include <cstdlib>
#include <iterator>
#include <memory>

#include "core/check.h"
#include "kernels/attention_tile.h"

namespace sixfold::kernels {

inline std::size_t divide_up(std::size_t a, std::size_t b) {
  return a / b + (a % b != 0 ? 1 : 0);
}

struct FreeMemory {
  void operator()(float* memory) const { std::free(memory); }
};
using Floats = std::unique_ptr<float[], FreeMemory>;

// Aligned to 64 bytes, and not initialised.
inline Floats allocate_floats(std::size_t count) {
  Floats memory(static_cast<float*>(std::aligned_alloc(64, divide_up(count, kLanesMax) * kLanesMax * sizeof(float))));
  SIXFOLD_CHECK(memory != nullptr);
  return memory;
}

// Those of AttentionTile, in floats.
struct HeadStrides {
  explicit HeadStrides(std::size_t head_dim)
      : head(divide_up(head_dim, 2 * kLanesMax) * 2 * kLanesMax), record(head + AttentionRecord::kTail) {}
  std::size_t head;
  std::size_t record;
};

// Memory of one worker for the tiles that it computes.  One thread.
class TileScratch {
 public:
  // queries: the most that the tiles of one piece have together.
  TileScratch(std::size_t queries, std::size_t head_dim) : queries_(queries), head_dim_(head_dim) {}

  // Gives `tile` its scratch memory: the keys and values of all tiles share theirs, queries begin behind the first
  // `queries_before`.  Allocates when first used: workers that find no piece left need none.
  void lend_to(AttentionTile& tile, std::size_t queries_before) {
    const HeadStrides strides(head_dim_);
    const std::size_t sizes[] = {queries_ * strides.head,  queries_ * kLanesMax,      head_dim_ * kKeyBlock,
                                 kKeyBlock * strides.head, queries_ * strides.record, queries_ * strides.record};
    float** const places[] = {&tile.queries, &tile.sums, &tile.keys, &tile.values, &segment, &total};
    if (memory_ == nullptr) {
      std::size_t floats = 0;
      for (const std::size_t size : sizes) floats += divide_up(size, kLanesMax) * kLanesMax;
      memory_ = allocate_floats(floats);
    }
    float* next = memory_.get();
    for (std::size_t i = 0; i < std::size(sizes); ++i) {
      *places[i] = next;
      next += divide_up(sizes[i], kLanesMax) * kLanesMax;
    }
    tile.queries += queries_before * strides.head;
    tile.sums += queries_before * kLanesMax;
    tile.head_stride = strides.head;
    tile.record_stride = strides.record;
  }

  float* segment = nullptr;  // records of one segment, of all tiles of a piece
  float* total = nullptr;    // and of all segments so far

 private:
  std::size_t queries_;
  std::size_t head_dim_;
  Floats memory_;
};

}  // namespace sixfold::kernels
