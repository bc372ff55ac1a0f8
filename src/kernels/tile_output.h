// Where the products of one tile go, and what happens to them on the way.
// Read by the isa_*.cc files: nothing here may need an inline function of the standard library (see check_weak.sh).
#pragma once
#include <cstddef>

#include "kernels/packed_layout.h"

namespace sixfold::kernels {

struct TileOutput {
  float* out = nullptr;    // [tokens, count] f32
  std::size_t stride = 0;  // of out, in elements
  std::size_t tokens = 0;
  std::size_t count = 0;        // 1 .. kTileRows
  const float* bias = nullptr;  // [count], or null
  float factor = 1;
  bool adds = false;
  bool goes_past_caches = false;  // only where out and stride are whole cache lines, and count is kTileRows
};

}  // namespace sixfold::kernels
