// Matrices of plain numbers, rounded to a smaller type while they are loaded.
#pragma once
#include <cstddef>
#include <optional>
#include <vector>

#include "core/result.h"
#include "kernels/worker_pool.h"
#include "tensor/tensor_view.h"

namespace sixfold::model {

// Errors: invalid_argument for a type that weights cannot be rounded to.
Status check_rounding(std::optional<DType> wanted);

// The type that a matrix is to have: `wanted` for F32, F16 and BF16 with rows of whole blocks, else its own.  The
// matrix that chooses experts stays as it is, because a choice has no half.
DType rounded_type(const TensorView& matrix, std::optional<DType> wanted);

// The blocks of a matrix [rows, cols] in rounded_type.  Thread: that of the pool's owner.
// Errors: corrupt_data for numbers that are not finite or too large.
Result<std::vector<std::byte>> round_weights(const TensorView& matrix, DType dtype, kernels::WorkerPool& pool);

}  // namespace sixfold::model
