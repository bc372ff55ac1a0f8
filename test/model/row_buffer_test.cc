// Where rows lie.
#include "model/row_buffer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>

namespace sixfold::model {
namespace {

TEST(RowBuffer, puts_the_same_column_of_sixteen_rows_into_sixteen_sets_of_a_cache) {
  constexpr std::uintptr_t kLine = 64;
  constexpr std::uintptr_t kSets = 64;  // of 8 or 12 lines: a first-level cache of 32 or 48 KiB
  for (const std::size_t width : {1, 15, 16, 17, 64, 768, 896, 1024, 2048, 3072, 4096, 8192, 14336}) {
    const RowBuffer buffer(16, width);
    EXPECT_GE(buffer.stride(), width);
    EXPECT_LE(buffer.stride(), width + 31);
    std::set<std::uintptr_t> sets;
    for (std::size_t r = 0; r < 16; ++r) {
      const auto address = reinterpret_cast<std::uintptr_t>(buffer.row(r));
      EXPECT_EQ(address % kLine, 0U);
      EXPECT_EQ(buffer.row(r), buffer.row(0) + r * buffer.stride());
      sets.insert(address / kLine % kSets);
    }
    EXPECT_EQ(sets.size(), 16U) << width;
  }
}

}  // namespace
}  // namespace sixfold::model
