// The page memory: one reservation, on huge pages where there are some, because decoding reads all of it.
#include "model/kv_pages.h"

#include <cstring>
#include <limits>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/limits.h"

namespace sixfold::model {
namespace {

// Longer pages would only waste memory on the last, partly filled one.
constexpr std::size_t kPageTokensMax = 4096;

bool is_within_limits(const KvShape& shape) {
  return shape.layers >= 1 && shape.layers <= limits::kLayersMax && shape.kv_heads >= 1 &&
         shape.kv_heads <= limits::kWidthMax && shape.head_dim >= 1 &&
         shape.head_dim <= limits::kWidthMax / shape.kv_heads && shape.page_tokens >= 1 &&
         shape.page_tokens <= kPageTokensMax;
}

}  // namespace

Result<KvPages> KvPages::allocate(const KvShape& shape, std::size_t pages) {
  if (!is_within_limits(shape) || pages == 0) {
    return invalid_argument("KV cache of {} pages, {} layers, {} heads of {}, {} tokens a page: out of range", pages,
                            shape.layers, shape.kv_heads, shape.head_dim, shape.page_tokens);
  }
  const std::size_t page_bytes = shape.page_bytes();  // cannot overflow within the limits
  // A page id has 32 bits, and a mapping at most half of the address space.
  if (pages > std::numeric_limits<PageId>::max() ||
      pages > (std::numeric_limits<std::size_t>::max() >> 1) / page_bytes) {
    return resource_exhausted("KV cache of {} pages of {} bytes: more than this machine can address", pages,
                              page_bytes);
  }
  const std::size_t bytes = pages * page_bytes;
  Result<kernels::HugeBuffer> memory = kernels::HugeBuffer::reserve(bytes);
  if (!memory.is_ok()) {
    return resource_exhausted("KV cache of {} pages: cannot reserve {} bytes of memory", pages, bytes);
  }
  return KvPages(shape, pages, std::move(memory).value());
}

KvPages::KvPages(const KvShape& shape, std::size_t pages, kernels::HugeBuffer memory)
    : shape_(shape), pages_(pages), memory_(std::move(memory)) {}

kernels::KvLayerView KvPages::layer(std::size_t layer) const {
  SIXFOLD_CHECK(layer < shape_.layers);
  kernels::KvLayerView view;
  view.page_stride = shape_.page_bytes() / shape_.layers;
  view.base = memory_.data() + layer * pages_ * view.page_stride;
  view.page_tokens = shape_.page_tokens;
  view.kv_heads = shape_.kv_heads;
  view.head_dim = shape_.head_dim;
  view.dtype = shape_.dtype;
  return view;
}

void KvPages::copy_page(PageId from, PageId to) {
  SIXFOLD_CHECK(from < pages_ && to < pages_);
  if (from == to) return;
  const std::size_t stride = shape_.page_bytes() / shape_.layers;
  for (std::size_t layer = 0; layer < shape_.layers; ++layer) {
    std::byte* base = memory_.data() + layer * pages_ * stride;
    std::memcpy(base + to * stride, base + from * stride, stride);
  }
}

}  // namespace sixfold::model
