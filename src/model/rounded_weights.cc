// Row by row, so that no more of a matrix than a row for each thread is there in float.
#include "model/rounded_weights.h"

#include <atomic>

#include "core/error.h"
#include "kernels/quantize.h"
#include "kernels/vector_ops.h"

namespace sixfold::model {

Status check_rounding(std::optional<DType> wanted) {
  if (!wanted || kernels::can_quantize(*wanted)) return ok();
  return invalid_argument("weights of type {}: want a type to round to of BF16, Q8_0 and Q4_0",
                          dtype_info(*wanted).name);
}

DType rounded_type(const TensorView& matrix, std::optional<DType> wanted) {
  const bool is_plain = dtype_info(matrix.dtype).block_elements == 1;
  if (!wanted || !is_plain || matrix.shape.rank < 2 || matrix.name.ends_with("ffn_gate_inp.weight")) {
    return matrix.dtype;
  }
  const std::size_t cols = matrix.shape[matrix.shape.rank - 1];
  return cols % dtype_info(*wanted).block_elements == 0 ? *wanted : matrix.dtype;
}

Result<std::vector<std::byte>> round_weights(const TensorView& matrix, DType dtype, kernels::WorkerPool& pool) {
  const std::size_t cols = matrix.shape[1];
  const std::size_t from_bytes = row_bytes(matrix.dtype, cols);
  const std::size_t to_bytes = row_bytes(dtype, cols);
  std::vector<std::byte> blocks(matrix.shape[0] * to_bytes);
  std::vector<std::vector<float>> values(pool.size(), std::vector<float>(cols));
  std::atomic<bool> is_good{true};
  pool.for_tasks(matrix.shape[0], [&](std::size_t row, std::size_t worker) {
    float* numbers = values[worker].data();
    kernels::dequantize(matrix.dtype, matrix.bytes.data() + row * from_bytes, cols, numbers);
    if (!kernels::quantize(dtype, numbers, cols, blocks.data() + row * to_bytes)) {
      is_good.store(false, std::memory_order_relaxed);
    }
  });
  if (!is_good) {
    return corrupt_data("want finite numbers that {} can hold, got others", dtype_info(dtype).name);
  }
  return blocks;
}

}  // namespace sixfold::model
