// The memory of all keys and values: a fixed number of pages, allocated once.  Who owns which page is the engine's
// business.
#pragma once
#include <cstddef>
#include <cstdint>

#include "core/result.h"
#include "kernels/attention.h"
#include "kernels/huge_buffer.h"

namespace sixfold::model {

using PageId = std::uint32_t;

struct KvShape {
  std::size_t layers = 0;
  std::size_t kv_heads = 0;
  std::size_t head_dim = 0;
  std::size_t page_tokens = 32;
  kernels::KvDType dtype = kernels::KvDType::kI16;

  std::size_t page_bytes() const {  // of one page in all layers
    return layers * 2 * kv_heads * page_tokens * kernels::kv_vector_bytes(dtype, head_dim);
  }
};

// Contents: written by Model::forward only.  One thread (the engine's).
class KvPages {
 public:
  // Reserves address space for all pages; memory is taken when pages are first written.
  // Errors: resource_exhausted, naming the bytes asked for.
  static Result<KvPages> allocate(const KvShape& shape, std::size_t pages);

  const KvShape& shape() const { return shape_; }
  std::size_t pages() const { return pages_; }
  std::size_t bytes() const { return memory_.size(); }  // keys and values of all pages, and nothing else

  kernels::KvLayerView layer(std::size_t layer) const;

  // Copies page `from` to page `to` in every layer (copy-on-write of a shared, partly filled page).
  void copy_page(PageId from, PageId to);

 private:
  KvPages(const KvShape& shape, std::size_t pages, kernels::HugeBuffer memory);
  KvShape shape_;
  std::size_t pages_ = 0;
  kernels::HugeBuffer memory_;  // [layers, pages, {K, V}]; inside as kernels::KvLayerView says
};

}  // namespace sixfold::model
