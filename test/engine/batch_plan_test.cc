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
