// Turns rows of F16 into fixed point (packed_layout.h says how it lies).
#pragma once
#include <cstddef>

namespace sixfold::kernels {

// Writes a tile.  source: [rows, cols] F16, at most 16 rows; those that are missing become zeros.
void pack_fixed_tile(const std::byte* source, std::size_t rows, std::size_t cols, std::byte* tile);

}  // namespace sixfold::kernels
