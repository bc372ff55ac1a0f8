// Rows of floats in one buffer, none in another's way in the caches.
#pragma once
#include <cstddef>

#include "kernels/matmul.h"
#include "model/aligned_floats.h"

namespace sixfold::model {

// [rows, width] f32, not touched before it is used.  A row begins on a cache line and is an odd number of them long: a
// matrix product reads and writes the same columns of 16 rows at a time, and those lines lie in 16 different sets of a
// cache.  A power of two, as widths like to be, would put them all into one.
class RowBuffer {
 public:
  // Throws std::bad_alloc.
  RowBuffer(std::size_t rows, std::size_t width)
      : stride_(((width + kLineFloats - 1) / kLineFloats | 1) * kLineFloats),
        floats_(make_aligned_floats(rows * stride_)) {}

  float* row(std::size_t r) const { return floats_.get() + r * stride_; }
  std::size_t stride() const { return stride_; }  // elements from row to row

 private:
  static constexpr std::size_t kLineFloats = static_cast<std::size_t>(kCacheLine) / sizeof(float);

  std::size_t stride_;
  AlignedFloats floats_;
};

// The first rows become the input of the next products (see kernels::Activations).
inline void assign_rows(kernels::Activations& to, const RowBuffer& x, std::size_t rows, std::size_t cols) {
  to.assign(x.row(0), rows, cols, x.stride());
}

}  // namespace sixfold::model
