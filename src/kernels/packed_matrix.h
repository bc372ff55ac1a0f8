// A weight matrix, laid out for the matrix kernels.
#pragma once
#include <cstddef>
#include <memory>

#include "core/result.h"
#include "kernels/worker_pool.h"
#include "tensor/tensor_view.h"

namespace sixfold::kernels {

// Immutable after pack.  Movable.  Owns its bytes; the view it was made from may go away.
class PackedMatrix {
 public:
  // weights: rank 2, [rows, cols], any type of tensor/dtype.h.  Lossless; one layout serves every
  // instruction set.
  // Errors: invalid_argument (rank, cols not a multiple of the block, bytes that do not fit the shape),
  // resource_exhausted (no memory).
  static Result<PackedMatrix> pack(const TensorView& weights, WorkerPool& pool);

  PackedMatrix();
  PackedMatrix(PackedMatrix&&) noexcept;
  PackedMatrix& operator=(PackedMatrix&&) noexcept;
  ~PackedMatrix();

  std::size_t rows() const;   // outputs
  std::size_t cols() const;   // inputs
  std::size_t bytes() const;  // memory held
  DType dtype() const;        // of the weights it was made from

  struct Layout;  // private to kernels/
  const Layout& layout() const { return *layout_; }

 private:
  std::unique_ptr<Layout> layout_;
};

}  // namespace sixfold::kernels
