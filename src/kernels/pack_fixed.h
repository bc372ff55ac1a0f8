// Turns rows of F16 into fixed point (packed_layout.h says how it lies).
#pragma once
#include <cstddef>

namespace sixfold::kernels {

// Writes a run: the steps of all 16 rows, then `inputs` inputs of them, 1 to 256, in whole blocks.  source: of the
// first of `rows` rows; the next ones follow at row_bytes.  Rows that are missing become zeros.
void pack_fixed_run(const std::byte* source, std::size_t row_bytes, std::size_t rows, std::size_t inputs,
                    std::byte* to);

}  // namespace sixfold::kernels
