// Turns rows of quantized blocks, as files hold them, into their place in a packed unit.
#pragma once
#include <cstddef>

#include "kernels/packed_layout.h"
#include "tensor/dtype.h"

namespace sixfold::kernels {

// The packed format that holds a type.  Every one is lossless.
Format format_of(DType dtype);

// Writes one row's part of one unit.  source: unit_inputs(format) elements of that row, as the file holds them.
// unit: unit_bytes(format) bytes.  row: within the tile.
using PackUnit = void (*)(const std::byte* source, std::size_t row, std::byte* unit);
PackUnit pack_unit_of(DType dtype);

}  // namespace sixfold::kernels
