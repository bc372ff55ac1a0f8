// Tensors by name: the checks that every architecture shares.
#include "model/weight_reader.h"

#include <algorithm>
#include <functional>
#include <new>
#include <numeric>

#include "core/error.h"
#include "kernels/vector_ops.h"
#include "model/rounded_weights.h"

namespace sixfold::model {

using kernels::PackedMatrix;

namespace {

void add_work(const PackedMatrix& matrix, MatrixWork& work) {
  work.bytes += matrix.bytes();
  const std::uint64_t weights = std::uint64_t{matrix.rows()} * matrix.cols();
  if (dtype_info(matrix.dtype()).block_elements > 1) {
    work.int8_weights += weights;
  } else if (matrix.dtype() == DType::kF16) {
    work.int16_weights += weights;
  } else if (matrix.dtype() == DType::kBF16) {
    work.bf16_weights += weights;
  } else {
    work.f32_weights += weights;
  }
}

Result<std::vector<float>> to_floats(const TensorView& tensor) {
  const std::size_t count = tensor.shape.elements();
  std::vector<float> values;
  try {
    values.resize(count);
  } catch (const std::bad_alloc&) {
    return resource_exhausted("no memory for {} numbers", count);
  }
  kernels::dequantize(tensor.dtype, tensor.bytes.data(), count, values.data());
  return values;
}

// Rows [first, first + rows) of a tensor of matrices, or of one matrix.
TensorView rows_of(const TensorView& tensor, std::size_t first, std::size_t rows, std::size_t cols) {
  const std::size_t bytes = row_bytes(tensor.dtype, cols);
  return {.name = tensor.name,
          .dtype = tensor.dtype,
          .shape = {.dims = {rows, cols}, .rank = 2},
          .bytes = tensor.bytes.subspan(first * bytes, rows * bytes)};
}

}  // namespace

WeightReader::WeightReader(formats::Checkpoint checkpoint, kernels::WorkerPool& pool, const LoadOptions& options)
    : checkpoint_(std::move(checkpoint)),
      pool_(pool),
      has_exact_weights_(options.has_exact_weights),
      weights_(options.has_exact_weights ? std::nullopt : options.weights) {
  // Exact weights are not what the cache holds.
  WeightCacheOptions cache = has_exact_weights_ ? WeightCacheOptions{} : options.weight_cache;
  cache.weights = weights_;
  cache_ = std::make_unique<WeightCache>(checkpoint_, pool_, std::move(cache));
}

Result<const TensorView*> WeightReader::find(const std::string& name, const Shape& shape) {
  const TensorView* tensor = checkpoint_.find_tensor(name);
  if (tensor == nullptr) return corrupt_data("{}: tensor {}: missing", path(), name);
  if (tensor->shape != shape) {
    return corrupt_data("{}: tensor {}: shape {}, want {}", path(), name, to_string(tensor->shape), to_string(shape));
  }
  read_.push_back(tensor);
  return tensor;
}

Result<const TensorView*> WeightReader::table(const std::string& name, std::size_t rows, std::size_t cols) {
  return find(name, Shape{.dims = {rows, cols}, .rank = 2});
}

template <class T>
Result<T> WeightReader::in_tensor(const TensorView& tensor, Result<T> result) const {
  if (result.is_ok()) return result;
  return with_context(std::move(result).error(), path() + ": tensor " + tensor.name);
}

Result<PackedMatrix> WeightReader::matrix(const std::string& name, std::size_t rows, std::size_t cols) {
  SIXFOLD_TRY(const TensorView* tensor, table(name, rows, cols));
  return pack(*tensor, 0, matrix_work_);
}

Result<std::vector<PackedMatrix>> WeightReader::stacked_matrices(const std::string& name,
                                                                 std::span<const std::size_t> rows, std::size_t cols) {
  SIXFOLD_TRY(const TensorView* tensor, table(name, std::accumulate(rows.begin(), rows.end(), std::size_t{0}), cols));
  std::vector<PackedMatrix> matrices;
  std::size_t first = 0;
  for (const std::size_t count : rows) {
    SIXFOLD_TRY(PackedMatrix matrix, pack(rows_of(*tensor, first, count, cols), matrices.size(), matrix_work_));
    matrices.push_back(std::move(matrix));
    first += count;
  }
  return matrices;
}

Result<std::vector<PackedMatrix>> WeightReader::expert_matrices(const std::string& stem, std::size_t count,
                                                                std::size_t rows, std::size_t cols) {
  const std::string stacked = stem + "_exps.weight";
  const bool is_stacked = has(stacked) || !has(stem + ".0.weight");
  const TensorView* tensor = nullptr;
  if (is_stacked) {
    SIXFOLD_TRY(tensor, find(stacked, Shape{.dims = {count, rows, cols}, .rank = 3}));
  }
  std::vector<PackedMatrix> matrices;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_stacked) {
      SIXFOLD_TRY(tensor, table(stem + "." + std::to_string(i) + ".weight", rows, cols));
    }
    const TensorView view = is_stacked ? rows_of(*tensor, i * rows, rows, cols) : *tensor;
    SIXFOLD_TRY(PackedMatrix matrix, pack(view, is_stacked ? i : 0, expert_work_));
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
  TensorView as_loaded = matrix;
  as_loaded.dtype = rounded_type(matrix, weights_);
  const bool is_rounded = as_loaded.dtype != matrix.dtype;
  // Only the number of bytes is read of a view that the cache looks up; rounded, there are fewer.
  if (is_rounded) as_loaded.bytes = matrix.bytes.first(matrix.shape[0] * row_bytes(as_loaded.dtype, matrix.shape[1]));
  if (auto found = cache_->find(as_loaded, slice)) return std::move(*found);
  SIXFOLD_TRY(PackedMatrix packed, in_tensor(matrix, has_exact_weights_ ? pack_exact(matrix)
                                                     : is_rounded       ? pack_rounded(matrix, as_loaded)
                                                                        : PackedMatrix::pack(matrix, pool_)));
  checkpoint_.release(matrix.bytes);
  cache_->add(as_loaded, slice, packed);
  return packed;
}

Result<PackedMatrix> WeightReader::pack_exact(const TensorView& matrix) const {
  SIXFOLD_TRY(const std::vector<float> values, to_floats(matrix));
  TensorView widened = matrix;
  widened.dtype = DType::kF32;
  widened.bytes = std::as_bytes(std::span(values));
  return PackedMatrix::pack(widened, pool_);
}

Result<PackedMatrix> WeightReader::pack_rounded(const TensorView& matrix, TensorView rounded) const {
  SIXFOLD_TRY(const std::vector<std::byte> blocks, round_weights(matrix, rounded.dtype, pool_));
  rounded.bytes = blocks;
  return PackedMatrix::pack(rounded, pool_);
}

Result<std::vector<float>> WeightReader::vector(const std::string& name, std::size_t count) {
  SIXFOLD_TRY(const TensorView* tensor, find(name, Shape{.dims = {count}, .rank = 1}));
  return in_tensor(*tensor, to_floats(*tensor));
}

Result<std::vector<float>> WeightReader::floats(const std::string& name, std::size_t rows, std::size_t cols) {
  SIXFOLD_TRY(const TensorView* tensor, table(name, rows, cols));
  return in_tensor(*tensor, to_floats(*tensor));
}

Result<ModelStorage> WeightReader::finish() {
  SIXFOLD_TRY_STATUS(expect_all_read());
  checkpoint_.drop_metadata();
  checkpoint_.expect_few_reads();  // rows of tables
  return ModelStorage(std::move(checkpoint_), std::move(cache_));
}

Status WeightReader::expect_all_read() const {
  std::vector<const TensorView*> read = read_;
  std::sort(read.begin(), read.end(), std::less<>());
  for (const TensorView& tensor : checkpoint_.tensors()) {
    if (!std::binary_search(read.begin(), read.end(), &tensor, std::less<>())) {
      return invalid_argument("{}: tensor {}: not a part of this architecture that is supported", path(), tensor.name);
    }
  }
  return ok();
}

}  // namespace sixfold::model
