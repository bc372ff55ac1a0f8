// A weight matrix, laid out for the matrix kernels.
#pragma once
#include <cstddef>
#include <memory>
#include <span>

#include "core/result.h"
#include "kernels/worker_pool.h"
#include "tensor/tensor_view.h"

namespace sixfold::kernels {

// Immutable.  Movable; its bytes stay where they are.  The view it was made from may go away.
class PackedMatrix {
 public:
  // weights: rank 2, [rows, cols], any type of tensor/dtype.h.  Lossless but for F16, of which fixed point
  // rounds small weights (packed_layout.h); one layout serves every instruction set.
  // Errors: invalid_argument (rank, cols not a multiple of the block, bytes that do not fit the shape),
  // resource_exhausted (no memory).
  static Result<PackedMatrix> pack(const TensorView& weights, WorkerPool& pool);

  // What pack would return, over bytes that an earlier pack of the same weights made under the same
  // kPackedLayoutVersion.  Only the shape of `weights` is read.  packed: aligned to 64, must outlive the object.
  // Errors: as pack, and invalid_argument when pack would make another number of bytes.
  static Result<PackedMatrix> over(const TensorView& weights, std::span<const std::byte> packed);

  PackedMatrix();
  PackedMatrix(PackedMatrix&&) noexcept;
  PackedMatrix& operator=(PackedMatrix&&) noexcept;
  ~PackedMatrix();

  std::size_t rows() const;   // outputs
  std::size_t cols() const;   // inputs
  std::size_t bytes() const;  // as packed
  DType dtype() const;        // of the weights it was made from
  std::span<const std::byte> packed_bytes() const;

  struct Layout;  // private to kernels/
  const Layout& layout() const { return *layout_; }

 private:
  static Result<PackedMatrix> plan(const TensorView& weights);

  std::unique_ptr<Layout> layout_;
};

}  // namespace sixfold::kernels
