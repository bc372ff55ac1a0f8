// Takes tensors out of a checkpoint by name, checking their shapes and that none is left over.
#pragma once
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "formats/checkpoint.h"
#include "kernels/packed_matrix.h"
#include "kernels/worker_pool.h"
#include "model/model.h"
#include "model/weight_cache.h"

namespace sixfold::model {

// Used while one model is loaded.  Errors of all reads: corrupt_data (missing, wrong shape), resource_exhausted.
class WeightReader {
 public:
  // All must outlive the reader, and the cache the matrices too.
  WeightReader(const formats::Checkpoint& checkpoint, kernels::WorkerPool& pool, WeightCache& cache,
               const LoadOptions& options)
      : checkpoint_(checkpoint), pool_(pool), cache_(cache), has_exact_weights_(options.has_exact_weights) {}

  bool has(const std::string& name) const { return checkpoint_.find_tensor(name) != nullptr; }

  // [rows, cols], laid out for the kernels.
  Result<kernels::PackedMatrix> matrix(const std::string& name, std::size_t rows, std::size_t cols);

  // [count, rows, cols]: `count` matrices.
  Result<std::vector<kernels::PackedMatrix>> matrices(const std::string& name, std::size_t count, std::size_t rows,
                                                      std::size_t cols);

  // [rows, cols], as it lies in the file.
  Result<const TensorView*> table(const std::string& name, std::size_t rows, std::size_t cols);

  // [count] f32.
  Result<std::vector<float>> vector(const std::string& name, std::size_t count);

  // Of what matrix() has returned since the last call, and of all that matrices() has.
  MatrixWork take_matrix_work() { return std::exchange(matrix_work_, {}); }
  const MatrixWork& expert_work() const { return expert_work_; }

  // An unread tensor means that the file holds a model that this code would compute wrongly.
  // Errors: invalid_argument, naming the first one.
  Status expect_all_read() const;

 private:
  Result<const TensorView*> find(const std::string& name, const Shape& shape);
  Result<kernels::PackedMatrix> pack(const TensorView& matrix, std::size_t slice, MatrixWork& work);
  Result<kernels::PackedMatrix> find_or_pack(const TensorView& matrix, std::size_t slice);
  Result<kernels::PackedMatrix> pack_exact(const TensorView& matrix);

  const formats::Checkpoint& checkpoint_;
  kernels::WorkerPool& pool_;
  WeightCache& cache_;
  const bool has_exact_weights_;
  std::vector<const TensorView*> read_;
  MatrixWork matrix_work_;
  MatrixWork expert_work_;
};

}  // namespace sixfold::model
