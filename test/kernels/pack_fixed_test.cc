// F16 in fixed point: what packing keeps, and what it rounds.
#include "kernels/pack_fixed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "kernels/packed_layout.h"
#include "tensor/half.h"

namespace sixfold::kernels {
namespace {

// One row of a run.
struct Row {
  float step;
  std::vector<int> codes;  // of whole blocks

  double value(std::size_t i) const { return static_cast<double>(step) * codes[i]; }
};

std::vector<Row> packed(const std::vector<std::vector<std::uint16_t>>& rows) {
  const std::size_t inputs = rows[0].size();
  const std::size_t padded = (inputs + kBlock - 1) / kBlock * kBlock;
  std::vector<std::uint16_t> source;
  for (const auto& row : rows) source.insert(source.end(), row.begin(), row.end());
  std::vector<std::byte> run(kRunStepsBytes + padded / 2 * kVectorBytes, std::byte{0xee});
  pack_fixed_tile(reinterpret_cast<const std::byte*>(source.data()), rows.size(), inputs, run.data());
  std::vector<Row> made(kTileRows);
  for (std::size_t row = 0; row < kTileRows; ++row) {
    std::memcpy(&made[row].step, run.data() + 4 * row, sizeof(float));
    for (std::size_t i = 0; i < padded; ++i) {
      std::int16_t code = 0;
      std::memcpy(&code, run.data() + kRunStepsBytes + i / 2 * kVectorBytes + 4 * row + i % 2 * 2, sizeof code);
      made[row].codes.push_back(code);
    }
  }
  return made;
}

// Every finite half of both signs, beside one of the largest exponent that the test is about.
TEST(PackFixed, keeps_large_weights_and_rounds_small_ones_to_the_nearest_step) {
  for (unsigned exponent = 0; exponent < 31; ++exponent) {
    const auto largest = static_cast<std::uint16_t>(exponent << 10 | 0x3ffu);
    const double bound = std::ldexp(1.0, static_cast<int>(std::max(exponent, 1u)) - 14);  // above the largest
    for (unsigned first = 0; first <= largest; first += 127) {
      std::vector<std::uint16_t> halves = {largest};
      for (unsigned half = first; half < first + 127 && half <= largest; ++half) {
        halves.push_back(static_cast<std::uint16_t>(half));
        halves.push_back(static_cast<std::uint16_t>(half | 0x8000u));
      }
      halves.resize(std::min<std::size_t>(halves.size(), 255));
      const Row row = packed({halves})[0];
      ASSERT_EQ(row.step, bound / 8192);
      for (std::size_t i = 0; i < halves.size(); ++i) {
        const double want = f32_from_f16(halves[i]);
        ASSERT_LT(std::abs(row.codes[i]), 8192);
        if (std::fabs(want) >= bound / 8) {
          ASSERT_EQ(row.value(i), want);
        } else {
          ASSERT_EQ(row.codes[i], static_cast<int>(std::nearbyint(want / static_cast<double>(row.step))));
        }
      }
    }
  }
}

TEST(PackFixed, gives_every_row_a_step_of_its_own_and_missing_rows_zeros) {
  const std::vector<Row> rows = packed({{0x3c00, 0x0001}, {0x7bff, 0xfbff}, {0x0000, 0x8000}});  // 1, 65504 and 0
  EXPECT_EQ(rows[0].value(0), 1.0);
  EXPECT_EQ(rows[0].value(1), 0.0);
  EXPECT_EQ(rows[1].value(0), 65504.0);
  EXPECT_EQ(rows[1].value(1), -65504.0);
  EXPECT_EQ(rows[2].value(0), 0.0);
  for (std::size_t row = 3; row < kTileRows; ++row) EXPECT_EQ(rows[row].value(0), 0.0);
}

TEST(PackFixed, fills_the_last_block_up_with_zeros) {
  const Row row = packed({std::vector<std::uint16_t>(33, 0x3c00)})[0];
  ASSERT_EQ(row.codes.size(), 64u);
  for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(row.value(i), i < 33 ? 1.0 : 0.0);
}

TEST(PackFixed, has_an_infinite_step_where_a_weight_is_not_finite) {
  for (const std::uint16_t half : {std::uint16_t{0x7c00}, std::uint16_t{0xfc00}, std::uint16_t{0x7e01}}) {
    const std::vector<Row> rows = packed({{0x3c00, half}, {0x3c00, 0x3c00}});
    EXPECT_EQ(rows[0].step, std::numeric_limits<float>::infinity());
    EXPECT_NE(rows[0].codes[0], 0);
    EXPECT_EQ(rows[1].value(1), 1.0);
  }
}

}  // namespace
}  // namespace sixfold::kernels
