// Tensors by name: the checks that every architecture shares.
#include "model/weight_reader.h"

#include <algorithm>
#include <functional>
#include <new>

#include "core/error.h"
#include "kernels/vector_ops.h"

namespace sixfold::model {

using kernels::PackedMatrix;

namespace {

void add_work(const PackedMatrix& matrix, MatrixWork& work) {
  work.bytes += matrix.bytes();
  const std::uint64_t weights = std::uint64_t{matrix.rows()} * matrix.cols();
  if (dtype_info(matrix.dtype()).block_elements > 1) {
    work.int8_weights += weights;
  } else if (matrix.dtype() == DType::kBF16) {
    work.bf16_weights += weights;
  } else {
    work.f32_weights += weights;
  }
}

}  // namespace

Result<const TensorView*> WeightReader::find(const std::string& name, const Shape& shape) {
  const TensorView* tensor = checkpoint_.find_tensor(name);
  if (tensor == nullptr) return corrupt_data("{}: tensor {}: missing", checkpoint_.path(), name);
  if (tensor->shape != shape) {
    return corrupt_data("{}: tensor {}: shape {}, want {}", checkpoint_.path(), name, to_string(tensor->shape),
                        to_string(shape));
  }
  read_.push_back(tensor);
  return tensor;
}

Result<const TensorView*> WeightReader::table(const std::string& name, std::size_t rows, std::size_t cols) {
  return find(name, Shape{.dims = {rows, cols}, .rank = 2});
}

Result<PackedMatrix> WeightReader::matrix(const std::string& name, std::size_t rows, std::size_t cols) {
  SIXFOLD_TRY(const TensorView* tensor, table(name, rows, cols));
  return pack(*tensor, 0, matrix_work_);
}

Result<std::vector<PackedMatrix>> WeightReader::matrices(const std::string& name, std::size_t count, std::size_t rows,
                                                         std::size_t cols) {
  SIXFOLD_TRY(const TensorView* tensor, find(name, Shape{.dims = {count, rows, cols}, .rank = 3}));
  const std::size_t bytes = tensor->bytes.size() / count;
  std::vector<PackedMatrix> matrices;
  for (std::size_t i = 0; i < count; ++i) {
    const TensorView slice{.name = name,
                           .dtype = tensor->dtype,
                           .shape = {.dims = {rows, cols}, .rank = 2},
                           .bytes = tensor->bytes.subspan(i * bytes, bytes)};
    SIXFOLD_TRY(PackedMatrix matrix, pack(slice, i, expert_work_));
    matrices.push_back(std::move(matrix));
  }
  return matrices;
}

Result<PackedMatrix> WeightReader::pack(const TensorView& matrix, std::size_t slice, MatrixWork& work) {
  SIXFOLD_TRY(PackedMatrix packed, find_or_pack(matrix, slice));
  add_work(packed, work);
  return packed;
}

// From the cache; or packed, and then the file's pages are given back at once, so that a matrix is in memory once.
Result<PackedMatrix> WeightReader::find_or_pack(const TensorView& matrix, std::size_t slice) {
  if (auto found = cache_.find(matrix, slice)) return std::move(*found);
  auto packed = has_exact_weights_ ? pack_exact(matrix) : PackedMatrix::pack(matrix, pool_);
  if (!packed.is_ok()) {
    return with_context(std::move(packed).error(), checkpoint_.path() + ": tensor " + matrix.name);
  }
  if (checkpoint_.file() != nullptr) checkpoint_.file()->release(matrix.bytes);
  cache_.add(matrix, slice, *packed);
  return packed;
}

Result<PackedMatrix> WeightReader::pack_exact(const TensorView& matrix) {
  std::vector<float> values;
  try {
    values.resize(matrix.shape.elements());
  } catch (const std::bad_alloc&) {
    return resource_exhausted("no memory for {} numbers", matrix.shape.elements());
  }
  kernels::dequantize(matrix.dtype, matrix.bytes.data(), values.size(), values.data());
  TensorView widened = matrix;
  widened.dtype = DType::kF32;
  widened.bytes = std::as_bytes(std::span(values));
  return PackedMatrix::pack(widened, pool_);
}

Result<std::vector<float>> WeightReader::vector(const std::string& name, std::size_t count) {
  SIXFOLD_TRY(const TensorView* tensor, find(name, Shape{.dims = {count}, .rank = 1}));
  std::vector<float> values;
  try {
    values.resize(count);
  } catch (const std::bad_alloc&) {
    return resource_exhausted("{}: tensor {}: no memory for {} numbers", checkpoint_.path(), name, count);
  }
  kernels::dequantize(tensor->dtype, tensor->bytes.data(), count, values.data());
  return values;
}

Status WeightReader::expect_all_read() const {
  std::vector<const TensorView*> read = read_;
  std::sort(read.begin(), read.end(), std::less<>());
  for (const TensorView& tensor : checkpoint_.tensors()) {
    if (!std::binary_search(read.begin(), read.end(), &tensor, std::less<>())) {
      return invalid_argument("{}: tensor {}: not a part of this architecture that is supported", checkpoint_.path(),
                              tensor.name);
    }
  }
  return ok();
}

}  // namespace sixfold::model
