// What is learned from steps, and what is believed about numbers of rows that were not seen.
#include "engine/step_times.h"

#include <gtest/gtest.h>

namespace sixfold::engine {
namespace {

TEST(StepTimes, knows_nothing_at_first) {
  const StepTimes times({});
  EXPECT_FALSE(times.knows(1));
  EXPECT_EQ(times.rows_seen_max(), 0u);
  EXPECT_EQ(times.seconds(8), 0.0);
}

TEST(StepTimes, gives_back_what_it_saw_and_a_straight_line_between) {
  StepTimes times({});
  times.add(4, 0.4);
  times.add(8, 0.6);
  EXPECT_NEAR(times.seconds(4), 0.4, 1e-9);
  EXPECT_NEAR(times.seconds(6), 0.5, 1e-9);
  EXPECT_NEAR(times.seconds(8), 0.6, 1e-9);
  EXPECT_NEAR(times.seconds(12), 0.8, 1e-9);
  EXPECT_NEAR(times.seconds(2), 0.3, 1e-9);
  EXPECT_TRUE(times.knows(8));
  EXPECT_FALSE(times.knows(6));
}

TEST(StepTimes, one_number_of_rows_grows_by_the_given_share) {
  StepTimes flat({.growth = 0});
  StepTimes proportional({.growth = 1});
  flat.add(16, 0.1);
  proportional.add(16, 0.1);
  EXPECT_NEAR(flat.seconds(32), 0.1, 1e-9);
  EXPECT_NEAR(proportional.seconds(32), 0.2, 1e-9);
  EXPECT_NEAR(proportional.seconds(8), 0.05, 1e-9);
}

TEST(StepTimes, large_numbers_of_rows_share_an_estimate_by_sixteens) {
  StepTimes times({});
  times.add(100, 0.5);
  EXPECT_TRUE(times.knows(97));
  EXPECT_TRUE(times.knows(112));
  EXPECT_FALSE(times.knows(113));
  EXPECT_EQ(times.rows_seen_max(), 112u);
}

TEST(StepTimes, a_slower_machine_is_not_taken_for_dearer_rows) {
  StepTimes times({});
  for (int step = 0; step < 50; ++step) {
    times.add(1, 0.02);
    times.add(8, 0.03);
  }
  for (int step = 0; step < 100; ++step) times.add(1, 0.04);
  EXPECT_NEAR(times.seconds(1), 0.04, 0.002);
  EXPECT_NEAR(times.seconds(8) / times.seconds(1), 1.5, 0.15) << "nobody saw 8 rows since";
}

TEST(StepTimes, dearer_rows_are_learned_though_the_first_guess_was_wrong) {
  StepTimes times({});
  times.add(1, 0.02);
  times.add(8, 0.02);
  for (int step = 0; step < 400; ++step) {
    times.add(1, 0.02);
    times.add(8, 0.04);
  }
  EXPECT_NEAR(times.seconds(8) / times.seconds(1), 2, 0.1);
}

TEST(StepTimes, what_was_not_seen_for_long_is_believed_to_be_cheaper_by_half_at_most) {
  StepTimes times({.doubt = 0.01});
  times.add(8, 0.1);
  times.add(1, 0.01);
  const double at_first = times.seconds(8);
  for (int step = 0; step < 20; ++step) times.add(1, 0.01);
  EXPECT_LT(times.seconds(8), at_first);
  for (int step = 0; step < 1000; ++step) times.add(1, 0.01);
  EXPECT_NEAR(times.seconds(8), 0.05, 1e-3);
}

TEST(StepTimes, a_clock_that_stands_still_does_no_harm) {
  StepTimes times({});
  times.add(1, 0);
  times.add(1, -1);
  times.add(2, 0);
  EXPECT_GT(times.seconds(1), 0);
  EXPECT_LE(times.seconds(2), times.seconds(1) * 1.001);
}

}  // namespace
}  // namespace sixfold::engine
