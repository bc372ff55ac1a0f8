// Angles of rotary embedding against the papers' formulas.
#include "model/rope_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace sixfold::model {
namespace {

void expect_angle(const RopeTable& table, std::size_t position, std::size_t pair, double angle, double magnitude = 1) {
  const float* row = table.row(position);
  EXPECT_NEAR(row[2 * pair], std::cos(angle) * magnitude, 1e-6) << "position " << position << ", pair " << pair;
  EXPECT_NEAR(row[2 * pair + 1], std::sin(angle) * magnitude, 1e-6) << "position " << position << ", pair " << pair;
}

RopeTable reserved(const RopeParameters& rope, std::vector<float> factors = {}) {
  RopeTable table(rope, std::move(factors), 100'001);
  EXPECT_TRUE(table.reserve(100'001).is_ok());
  return table;
}

TEST(RopeTable, frequencies_fall_from_1_to_the_base) {
  const RopeTable table = reserved({.dimensions = 8, .base = 10000});
  EXPECT_EQ(table.pairs(), 4U);
  for (const std::size_t position : {0, 1, 300, 100'000}) {
    const double p = static_cast<double>(position);
    expect_angle(table, position, 0, p);
    expect_angle(table, position, 1, p / 10);
    expect_angle(table, position, 2, p / 100);
    expect_angle(table, position, 3, p / 1000);
  }
}

TEST(RopeTable, factors_divide_frequencies) {
  const RopeTable table = reserved({.dimensions = 4, .base = 100}, {1, 8});
  expect_angle(table, 77, 0, 77);
  expect_angle(table, 77, 1, 77.0 / 10 / 8);
}

TEST(RopeTable, linear_scaling_divides_every_frequency) {
  const RopeTable table = reserved({.dimensions = 4, .base = 100, .scaling = RopeScaling::kLinear, .factor = 4});
  expect_angle(table, 77, 0, 77.0 / 4);
  expect_angle(table, 77, 1, 77.0 / 40);
}

// Worked example: 32 dimensions, base 10000, original context 64.  A wave of pair i turns 64 / (2 pi 10000^(i/16))
// times; 32 turns would be pair -1.99, so the ramp starts at 0; one turn is pair 4.03, so it ends at 5.
TEST(RopeTable, yarn_keeps_fast_pairs_and_stretches_slow_ones) {
  const RopeTable table =
      reserved({.dimensions = 32, .base = 10000, .scaling = RopeScaling::kYarn, .factor = 4, .context_original = 64});
  const double magnitude = 1 + 0.1 * std::log(4.0);
  for (std::size_t pair = 0; pair < 16; ++pair) {
    const double frequency = std::pow(10000, -static_cast<double>(pair) / 16);
    const double kept = pair >= 5 ? 0 : 1 - static_cast<double>(pair) / 5;
    expect_angle(table, 200, pair, 200 * (frequency * kept + frequency / 4 * (1 - kept)), magnitude);
  }
}

TEST(RopeTable, yarn_magnitude_takes_the_attention_factor) {
  const RopeTable table = reserved(
      {.dimensions = 4, .scaling = RopeScaling::kYarn, .factor = 2, .context_original = 64, .attention_factor = 0.5});
  expect_angle(table, 0, 0, 0, 0.5 * (1 + 0.1 * std::log(2.0)));
}

TEST(RopeTable, rows_do_not_change_when_the_table_grows) {
  const RopeParameters rope{.dimensions = 8};
  RopeTable table(rope, {}, 1000);
  ASSERT_TRUE(table.reserve(3).is_ok());
  const std::vector<float> early(table.row(2), table.row(2) + 8);
  ASSERT_TRUE(table.reserve(1000).is_ok());
  EXPECT_EQ(std::vector<float>(table.row(2), table.row(2) + 8), early);
  expect_angle(table, 999, 0, 999);
}

}  // namespace
}  // namespace sixfold::model
