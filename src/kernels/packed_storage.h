// What a PackedMatrix holds, for matmul.cc and the tests of kernels/.
#pragma once
#include <cstddef>
#include <span>
#include <utility>

#include "core/result.h"
#include "kernels/packed_layout.h"
#include "kernels/packed_matrix.h"

namespace sixfold::kernels {

// Zeroed memory straight from the operating system, on huge pages where it has them: weights are read as one long
// stream, and small pages cost a tenth of the read rate.  Movable.
class HugeBuffer {
 public:
  // Errors: resource_exhausted.
  static Result<HugeBuffer> allocate(std::size_t bytes);

  HugeBuffer() = default;
  HugeBuffer(HugeBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  HugeBuffer& operator=(HugeBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~HugeBuffer();

  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }  // bytes

 private:
  HugeBuffer(std::byte* data, std::size_t size) : data_(data), size_(size) {}

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// packed_layout.h says how the tiles lie.
struct PackedMatrix::Layout {
  DType dtype = DType::kF32;
  Format format = Format::kF32;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t units = 0;  // of a tile
  std::size_t tile_bytes = 0;
  std::size_t tiles = 0;
  std::span<const std::byte> weights;  // [tiles, tile_bytes]
  HugeBuffer owned;                    // where weights lie, unless somebody else owns them
};

}  // namespace sixfold::kernels
