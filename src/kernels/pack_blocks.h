// Turns rows of quantized blocks, as files hold them, into their place in a packed unit.
#pragma once
#include <cstddef>

#include "kernels/packed_layout.h"
#include "tensor/dtype.h"

namespace sixfold::kernels {

// The packed format that holds a type.  Every one is lossless but fixed point, which rounds small weights of F16.
Format format_of(DType dtype);

// Writes one row's part of one unit.  source: unit_inputs(format) elements of that row, as the file holds them.
// Null for fixed point (pack_fixed.h).  unit, scales: where the unit and, of plain formats, its scales lie (unit_at,
// scales_at).  row: within the tile.
using PackUnit = void (*)(const std::byte* source, std::size_t row, std::byte* unit, std::byte* scales);
PackUnit pack_unit_of(DType dtype);

// Writes all 16 rows' part of the first units of a stretch, as many as whole cache lines of the rows hold, and returns
// their number.  source: of the first row; the next ones follow at row_bytes.  Float formats have one, of which an
// element is too little work for a call; null for the others.
using PackLines = std::size_t (*)(const std::byte* source, std::size_t row_bytes, std::size_t units, std::byte* to);
PackLines pack_lines_of(DType dtype);

}  // namespace sixfold::kernels
