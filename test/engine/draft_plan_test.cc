// Guesses are computed where they pay, and nowhere else.
#include "engine/draft_plan.h"

#include <gtest/gtest.h>

#include <numeric>

namespace sixfold::engine {
namespace {

using Chances = std::vector<std::vector<double>>;
using Sizes = std::vector<std::size_t>;

std::vector<double> falling(double chance, std::size_t count) {
  std::vector<double> chances;
  double all = 1;
  for (std::size_t index = 0; index < count; ++index) chances.push_back(all *= chance);
  return chances;
}

// Seconds of 1 to 64 rows: fixed + rows * each.
StepTimes linear(double fixed, double each) {
  StepTimes times({});
  for (std::size_t rows = 1; rows <= 64; ++rows) times.add(rows, fixed + static_cast<double>(rows) * each);
  return times;
}

TEST(DraftPlan, free_rows_are_all_used) {
  EXPECT_EQ(plan_drafts(Chances{falling(0.9, 15)}, {1, 30}, linear(1, 0)), Sizes{15});
}

TEST(DraftPlan, rows_that_cost_as_much_as_steps_are_not_used) {
  EXPECT_EQ(plan_drafts(Chances{falling(0.9, 15)}, {1, 30}, linear(0, 1)), Sizes{0});
}

TEST(DraftPlan, unlikely_guesses_are_not_worth_a_small_price) {
  EXPECT_EQ(plan_drafts(Chances{falling(0.04, 15)}, {1, 30}, linear(1, 0)), Sizes{0}) << "no clear gain";
  EXPECT_EQ(plan_drafts(Chances{falling(0.2, 15)}, {1, 30}, linear(1, 0.3)), Sizes{0});
  EXPECT_GT(plan_drafts(Chances{falling(0.9, 15)}, {1, 30}, linear(1, 0.3)).at(0), 2u);
}

TEST(DraftPlan, the_likeliest_guesses_of_all_sequences_come_first) {
  const Chances chances = {falling(0.5, 15), {}, falling(0.9, 15), falling(0.1, 15)};
  const Sizes sizes = plan_drafts(chances, {4, 10}, linear(4, 0.5));
  EXPECT_EQ(sizes[1], 0u);
  EXPECT_GT(sizes[2], sizes[0]);
  EXPECT_EQ(sizes[3], 0u);
}

TEST(DraftPlan, keeps_to_the_limit_of_all_together) {
  const Chances chances(8, falling(0.99, 15));
  const Sizes sizes = plan_drafts(chances, {8, 30}, linear(1, 0));
  EXPECT_EQ(std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}), 30u);
}

TEST(DraftPlan, waits_for_a_step_without_guesses) {
  StepTimes times({});
  times.add(2, 1);
  EXPECT_EQ(plan_drafts(Chances{falling(0.9, 15)}, {1, 30}, times), Sizes{0});
}

TEST(DraftPlan, tries_unseen_numbers_of_rows_in_steps_of_doubling) {
  StepTimes times({});
  for (const std::size_t wanted : {1, 3, 7, 15}) {
    times.add(1, 1);
    const Sizes sizes = plan_drafts(Chances{falling(0.95, 15)}, {1, 30}, times);
    EXPECT_EQ(sizes, Sizes{wanted});
    times.add(1 + sizes[0], 1);
  }
}

TEST(DraftPlan, nobody_gives_nothing) {
  EXPECT_TRUE(plan_drafts({}, {0, 30}, linear(1, 0)).empty());
}

}  // namespace
}  // namespace sixfold::engine
