// A buffer of floats that is aligned for vector loads and not touched before it is used.
#pragma once
#include <cstddef>
#include <memory>
#include <new>

#include "kernels/huge_buffer.h"

namespace sixfold::model {

inline constexpr std::align_val_t kCacheLine{64};

struct AlignedDelete {
  void operator()(float* data) const { ::operator delete[](data, kCacheLine); }
};

using AlignedFloats = std::unique_ptr<float[], AlignedDelete>;

// Throws std::bad_alloc, to be caught where the buffers of one model are made.
inline AlignedFloats make_aligned_floats(std::size_t count) {
  AlignedFloats floats(static_cast<float*>(::operator new[](count * sizeof(float), kCacheLine)));
  kernels::wish_for_huge_pages(floats.get(), count * sizeof(float));
  return floats;
}

}  // namespace sixfold::model
