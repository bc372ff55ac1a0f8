// A named tensor that lies in memory somebody else owns (a mapped file).
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "core/limits.h"
#include "tensor/dtype.h"

namespace sixfold {

// Dimensions, outermost first: a weight matrix is [rows, cols], and a row of cols elements is contiguous.
// (GGUF files list them innermost first; the reader turns them round.)
struct Shape {
  std::array<std::size_t, limits::kTensorRankMax> dims{};
  std::size_t rank = 0;

  std::size_t operator[](std::size_t axis) const { return dims[axis]; }
  std::size_t elements() const {
    std::size_t product = 1;
    for (std::size_t axis = 0; axis < rank; ++axis) product *= dims[axis];
    return product;
  }
  friend bool operator==(const Shape&, const Shape&) = default;
};

std::string to_string(const Shape& shape);  // "[4096, 2048]"

// bytes.size() == row_bytes(dtype, last dimension) * product of the other dimensions; checked by whoever made the view.
struct TensorView {
  std::string name;
  DType dtype = DType::kF32;
  Shape shape;
  std::span<const std::byte> bytes;
};

}  // namespace sixfold
