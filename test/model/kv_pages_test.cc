// The page pool's layout, and what it refuses to reserve.
#include "model/kv_pages.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <set>
#include <utility>

namespace sixfold::model {
namespace {

KvShape small_shape() {
  KvShape shape;
  shape.layers = 3;
  shape.kv_heads = 2;
  shape.head_dim = 8;
  shape.page_tokens = 4;
  return shape;
}

TEST(KvPages, every_head_of_every_page_has_its_own_memory) {
  const KvPages pages = KvPages::allocate(small_shape(), 5).value();
  std::set<std::byte*> starts;
  std::byte* last = nullptr;
  for (std::size_t layer = 0; layer < 3; ++layer) {
    const kernels::KvLayerView view = pages.layer(layer);
    EXPECT_EQ(view.head_bytes(), 4U * (8 * 2 + 4));
    for (std::size_t page = 0; page < 5; ++page) {
      for (std::size_t head = 0; head < 2; ++head) {
        for (std::byte* start : {view.k(page, head), view.v(page, head)}) {
          starts.insert(start);
          std::memset(start, 1, view.head_bytes());
          last = std::max(last, start);
        }
      }
    }
  }
  ASSERT_EQ(starts.size(), 3U * 5 * 2 * 2);
  // Dense: the blocks follow each other without gaps, so none overlap.
  EXPECT_EQ(last - *starts.begin(), static_cast<std::ptrdiff_t>((starts.size() - 1) * 4 * (8 * 2 + 4)));
}

TEST(KvPages, memory_is_keys_and_values_and_nothing_else) {
  KvShape shape = small_shape();
  constexpr std::size_t kTokens = 4096;
  for (const auto dtype :
       {kernels::KvDType::kF16, kernels::KvDType::kBF16, kernels::KvDType::kF32, kernels::KvDType::kI16}) {
    shape.dtype = dtype;
    const KvPages pages = KvPages::allocate(shape, kTokens / shape.page_tokens).value();
    const std::size_t element_bytes = dtype == kernels::KvDType::kF32 ? 4 : 2;
    const std::size_t scale_bytes = dtype == kernels::KvDType::kI16 ? 4 : 0;
    // layers, keys and values, heads, head_dim
    EXPECT_EQ(pages.bytes(), 3 * 2 * 2 * (8 * element_bytes + scale_bytes) * kTokens);
    EXPECT_EQ(pages.layer(0).page_stride, 2 * 2 * pages.layer(0).head_bytes());
  }
}

TEST(KvPages, memory_is_taken_only_when_written) {
  KvShape shape = small_shape();
  shape.page_tokens = 64;
  shape.head_dim = 256;
  // A terabyte of address space.
  auto pages = KvPages::allocate(shape, (std::size_t{1} << 40) / shape.page_bytes());
  ASSERT_TRUE(pages.is_ok()) << pages.error().message;
  *pages->layer(2).k(pages->pages() - 1, 1) = std::byte{7};
  EXPECT_EQ(*pages->layer(2).k(pages->pages() - 1, 1), std::byte{7});
  EXPECT_EQ(*pages->layer(0).k(0, 0), std::byte{0});
}

TEST(KvPages, copy_page_copies_all_layers_and_nothing_else) {
  KvPages pages = KvPages::allocate(small_shape(), 3).value();
  for (std::size_t layer = 0; layer < 3; ++layer) {
    const kernels::KvLayerView view = pages.layer(layer);
    for (std::size_t page = 0; page < 3; ++page) {
      std::memset(view.k(page, 0), static_cast<int>(10 * layer + page + 1), view.page_stride);
    }
  }
  pages.copy_page(2, 0);
  for (std::size_t layer = 0; layer < 3; ++layer) {
    const kernels::KvLayerView view = pages.layer(layer);
    for (std::size_t i = 0; i < view.page_stride; ++i) {
      ASSERT_EQ(view.k(0, 0)[i], static_cast<std::byte>(10 * layer + 3));
      ASSERT_EQ(view.k(1, 0)[i], static_cast<std::byte>(10 * layer + 2));
      ASSERT_EQ(view.k(2, 0)[i], static_cast<std::byte>(10 * layer + 3));
    }
  }
}

TEST(KvPages, moves_its_memory) {
  KvPages pages = KvPages::allocate(small_shape(), 2).value();
  std::byte* data = pages.layer(0).base;
  KvPages moved = std::move(pages);
  EXPECT_EQ(moved.layer(0).base, data);
  KvPages other = KvPages::allocate(small_shape(), 7).value();
  other = std::move(moved);
  EXPECT_EQ(other.layer(0).base, data);
  EXPECT_EQ(other.pages(), 2U);
}

TEST(KvPages, refuses_impossible_sizes) {
  EXPECT_EQ(KvPages::allocate(small_shape(), 0).error().code, ErrorCode::kInvalidArgument);
  KvShape shape = small_shape();
  shape.kv_heads = std::numeric_limits<std::size_t>::max() / 2;
  EXPECT_EQ(KvPages::allocate(shape, 1).error().code, ErrorCode::kInvalidArgument);
  shape = small_shape();
  shape.page_tokens = 0;
  EXPECT_EQ(KvPages::allocate(shape, 1).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(KvPages::allocate(small_shape(), std::numeric_limits<std::size_t>::max()).error().code,
            ErrorCode::kResourceExhausted);
  shape = small_shape();
  shape.layers = 1024;
  shape.head_dim = 1 << 16;
  const auto huge = KvPages::allocate(shape, std::numeric_limits<std::uint32_t>::max());
  ASSERT_FALSE(huge.is_ok());
  EXPECT_EQ(huge.error().code, ErrorCode::kResourceExhausted);
}

}  // namespace
}  // namespace sixfold::model
