// Takes tensors out of a checkpoint by name, checking their shapes and that none is left over.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "formats/checkpoint.h"
#include "kernels/packed_matrix.h"
#include "kernels/worker_pool.h"
#include "model/model.h"
#include "model/model_storage.h"
#include "model/weight_cache.h"

namespace sixfold::model {

// Used while one model is loaded: read everything, then finish.
// Errors of all reads: corrupt_data (missing, wrong shape), resource_exhausted.
class WeightReader {
 public:
  // Throws std::bad_alloc.  pool must outlive the reader.
  WeightReader(formats::Checkpoint checkpoint, kernels::WorkerPool& pool, const LoadOptions& options);

  const formats::Checkpoint& checkpoint() const { return checkpoint_; }
  const std::string& path() const { return checkpoint_.path(); }
  kernels::WorkerPool& pool() const { return pool_; }
  bool is_from_cache() const { return cache_->is_found(); }
  bool has(const std::string& name) const { return checkpoint_.find_tensor(name) != nullptr; }

  // [rows, cols], laid out for the kernels.
  Result<kernels::PackedMatrix> matrix(const std::string& name, std::size_t rows, std::size_t cols);

  // Several matrices that lie one below the other in one tensor, [sum of rows, cols]: each with its number of rows.
  Result<std::vector<kernels::PackedMatrix>> stacked_matrices(const std::string& name,
                                                              std::span<const std::size_t> rows, std::size_t cols);

  // The matrix [rows, cols] of every expert: in one tensor, STEM_exps.weight [count, rows, cols], or in older files
  // STEM.0.weight and so on.
  Result<std::vector<kernels::PackedMatrix>> expert_matrices(const std::string& stem, std::size_t count,
                                                             std::size_t rows, std::size_t cols);

  // [rows, cols], as it lies in the file, which the storage keeps mapped.
  Result<const TensorView*> table(const std::string& name, std::size_t rows, std::size_t cols);

  // [count] f32.
  Result<std::vector<float>> vector(const std::string& name, std::size_t count);

  // [rows, cols] f32.
  Result<std::vector<float>> floats(const std::string& name, std::size_t rows, std::size_t cols);

  // Of what matrix() and stacked_matrices() have returned since the last call, and of all that expert_matrices() has.
  MatrixWork take_matrix_work() { return std::exchange(matrix_work_, {}); }
  const MatrixWork& expert_work() const { return expert_work_; }

  // The end of reading: the metadata is gone afterwards.  An unread tensor means that the file holds a model that this
  // code would compute wrongly.  Errors: invalid_argument, naming the first one.
  Result<ModelStorage> finish();

 private:
  Result<const TensorView*> find(const std::string& name, const Shape& shape);
  template <class T>
  Result<T> in_tensor(const TensorView& tensor, Result<T> result) const;  // names it in an error
  Status expect_all_read() const;
  Result<kernels::PackedMatrix> pack(const TensorView& matrix, std::size_t slice, MatrixWork& work);
  Result<kernels::PackedMatrix> find_or_pack(const TensorView& matrix, std::size_t slice);
  Result<kernels::PackedMatrix> pack_exact(const TensorView& matrix) const;
  Result<kernels::PackedMatrix> pack_rounded(const TensorView& matrix, TensorView rounded) const;

  formats::Checkpoint checkpoint_;
  kernels::WorkerPool& pool_;
  std::unique_ptr<WeightCache> cache_;
  const bool has_exact_weights_;
  const std::optional<DType> weights_;  // what matrices are rounded to
  std::vector<const TensorView*> read_;
  MatrixWork matrix_work_;
  MatrixWork expert_work_;
};

}  // namespace sixfold::model
