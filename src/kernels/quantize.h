// Rounds floats to smaller types of tensor/dtype.h.
#pragma once
#include <cstddef>

#include "tensor/dtype.h"

namespace sixfold::kernels {

// Q8_0, Q4_0 and BF16.
bool can_quantize(DType dtype);

// Writes count / block elements blocks, each with the scale that its largest element asks for, and every element
// rounded to the nearest step: the bits that ggml's reference quantizer makes.  BF16: to nearest even, without scales.
// count: a multiple of the block.
// False when an element is not finite, or too large for the type: what was written is not to be used then.
[[nodiscard]] bool quantize(DType dtype, const float* source, std::size_t count, std::byte* out);

}  // namespace sixfold::kernels
