// What a PackedMatrix holds, for matmul.cc and the tests of kernels/.
#pragma once
#include <cstddef>
#include <span>

#include "kernels/huge_buffer.h"
#include "kernels/packed_layout.h"
#include "kernels/packed_matrix.h"

namespace sixfold::kernels {

// packed_layout.h says how the tiles lie.
struct PackedMatrix::Layout {
  DType dtype = DType::kF32;
  Format format = Format::kF32;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t units = 0;  // of a tile
  std::size_t tile_bytes = 0;
  std::size_t tiles = 0;
  std::span<const std::byte> weights;  // [tiles, tile_bytes]
  HugeBuffer owned;                    // where weights lie, unless somebody else owns them
};

}  // namespace sixfold::kernels
