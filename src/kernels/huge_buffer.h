// Large memory that is read from end to end.
#pragma once
#include <cstddef>
#include <utility>

#include "core/result.h"

namespace sixfold::kernels {

// Asks for huge pages for memory that was allocated otherwise and not touched yet.  It may go without.
void wish_for_huge_pages(void* begin, std::size_t bytes);

// Zeroed memory straight from the operating system, on huge pages where it has them: small pages cost a tenth of the
// rate at which a long stream is read.  Movable.
class HugeBuffer {
 public:
  // Errors: resource_exhausted.
  static Result<HugeBuffer> allocate(std::size_t bytes);
  // The same, even if there is not yet memory for all of it: what is written first gets it.
  static Result<HugeBuffer> reserve(std::size_t bytes);

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
  static Result<HugeBuffer> map(std::size_t bytes, int flags);
  HugeBuffer(std::byte* data, std::size_t size) : data_(data), size_(size) {}

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace sixfold::kernels
