// Decode rows first, prompts in order, never more than the limits.
#include "engine/batch_plan.h"

#include <gtest/gtest.h>

#include <numeric>

namespace sixfold::engine {
namespace {

using Rows = std::vector<std::size_t>;

TEST(BatchPlan, a_prompt_alone_takes_all_rows) {
  EXPECT_EQ(plan_batch(Rows{900}, {512, 128}), Rows{512});
  EXPECT_EQ(plan_batch(Rows{300, 100, 900}, {512, 128}), (Rows{300, 100, 112}));
}

TEST(BatchPlan, beside_decoding_prompts_share_one_chunk_in_order) {
  EXPECT_EQ(plan_batch(Rows{1, 900, 1, 900}, {512, 128}), (Rows{1, 128, 1, 0}));
  EXPECT_EQ(plan_batch(Rows{100, 900, 1}, {512, 128}), (Rows{100, 28, 1}));
}

TEST(BatchPlan, decode_rows_are_never_left_out) {
  EXPECT_EQ(plan_batch(Rows{50, 1, 1, 1}, {4, 128}), (Rows{1, 1, 1, 1}));
  EXPECT_EQ(plan_batch(Rows{1, 1, 1, 1}, {4, 128}), (Rows{1, 1, 1, 1}));
}

TEST(BatchPlan, nobody_gives_no_rows) {
  EXPECT_TRUE(plan_batch({}, {512, 128}).empty());
}

StepTimes linear_times(double fixed, double each) {
  StepTimes times({.growth = 1});
  for (std::size_t rows = 16; rows <= 512; rows += 16) times.add(rows, fixed + static_cast<double>(rows) * each);
  return times;
}

TEST(BatchPlan, the_chunk_is_the_largest_that_holds_the_target) {
  const StepTimes times = linear_times(0.02, 0.003);  // 250 ms hold 76 rows
  EXPECT_EQ(choose_chunk(1, {512, 0.25}, times), 63u);
  EXPECT_EQ(choose_chunk(16, {512, 0.25}, times), 48u);
  EXPECT_EQ(choose_chunk(1, {40, 0.25}, times), 31u);
  EXPECT_EQ(choose_chunk(1, {512, 100}, times), 511u);
  EXPECT_EQ(choose_chunk(1, {512, 0}, times), 512u) << "no target";
}

TEST(BatchPlan, the_chunk_lets_prompts_advance_even_when_no_step_holds_the_target) {
  EXPECT_EQ(choose_chunk(8, {512, 0.25}, linear_times(1, 1)), 16u);
  EXPECT_EQ(choose_chunk(8, {5, 0.25}, linear_times(1, 1)), 5u);
  EXPECT_EQ(choose_chunk(8, {1, 0.25}, linear_times(0.001, 0)), 1u);
}

TEST(BatchPlan, the_first_chunk_is_a_guess_and_the_second_is_not) {
  StepTimes times({.growth = 1});
  EXPECT_EQ(choose_chunk(1, {512, 0.25}, times), 128u);
  EXPECT_EQ(choose_chunk(1, {64, 0.25}, times), 64u);
  times.add(129, 0.5);
  EXPECT_EQ(choose_chunk(1, {512, 0.25}, times), 63u) << "half the time, half the rows";
}

TEST(BatchPlan, keeps_the_limits_and_always_advances) {
  for (std::size_t seed = 1; seed < 2000; ++seed) {
    const PlanLimits limits{8 + seed % 57, 1 + seed % 13};
    Rows pending;
    for (std::size_t index = 0; index < 1 + seed % 8; ++index)
      pending.push_back(1 + (seed * (index + 3)) % 97 * (seed % 2));
    const Rows rows = plan_batch(pending, limits);
    ASSERT_EQ(rows.size(), pending.size());
    for (std::size_t index = 0; index < rows.size(); ++index) {
      EXPECT_LE(rows[index], pending[index]);
      if (pending[index] == 1) {
        EXPECT_EQ(rows[index], 1u);
      }
    }
    EXPECT_LE(std::accumulate(rows.begin(), rows.end(), std::size_t{0}), limits.rows_max);
    EXPECT_GT(std::accumulate(rows.begin(), rows.end(), std::size_t{0}), 0u);
  }
}

}  // namespace
}  // namespace sixfold::engine
