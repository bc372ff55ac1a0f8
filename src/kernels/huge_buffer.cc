// Maps anonymous memory that begins on a huge page.
#include "kernels/huge_buffer.h"

#include <sys/mman.h>

#include <cstdint>
#include <limits>

#include "core/error.h"

namespace sixfold::kernels {
namespace {

constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

}  // namespace

void wish_for_huge_pages(void* begin, std::size_t bytes) {
  const auto at = reinterpret_cast<std::uintptr_t>(begin);
  const std::size_t before = (kHugePageBytes - at % kHugePageBytes) % kHugePageBytes;
  if (bytes < before + kHugePageBytes) return;
  ::madvise(static_cast<std::byte*>(begin) + before, (bytes - before) / kHugePageBytes * kHugePageBytes,
            MADV_HUGEPAGE);  // a wish: without huge pages it is slower, not wrong
}

Result<HugeBuffer> HugeBuffer::allocate(std::size_t bytes) {
  return map(bytes, MAP_PRIVATE | MAP_ANONYMOUS);
}

Result<HugeBuffer> HugeBuffer::reserve(std::size_t bytes) {
  return map(bytes, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
}

Result<HugeBuffer> HugeBuffer::map(std::size_t bytes, int flags) {
  constexpr int kProtection = PROT_READ | PROT_WRITE;
  if (bytes > std::numeric_limits<std::size_t>::max() / 2) return resource_exhausted("no memory for {} bytes", bytes);
  // Ask for a page too many, then give back what lies outside a whole number of huge pages' alignment.
  const std::size_t slack = bytes >= kHugePageBytes ? kHugePageBytes : 0;
  void* map = ::mmap(nullptr, bytes + slack, kProtection, flags, -1, 0);
  if (map == MAP_FAILED) return resource_exhausted("no memory for {} bytes", bytes);
  auto* begin = static_cast<std::byte*>(map);
  if (slack > 0) {
    const std::size_t before =
        (kHugePageBytes - reinterpret_cast<std::uintptr_t>(begin) % kHugePageBytes) % kHugePageBytes;
    if (before > 0) ::munmap(begin, before);
    begin += before;
    constexpr std::size_t kPageBytes = 4096;
    const std::size_t after_begin = (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
    const std::size_t after_end = bytes + slack - before;
    if (after_end > after_begin) ::munmap(begin + after_begin, after_end - after_begin);
    wish_for_huge_pages(begin, bytes);
  }
  return HugeBuffer(begin, bytes);
}

HugeBuffer::~HugeBuffer() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace sixfold::kernels
