// Stalls that last make workers stay out, and quiet brings them back.
#include "kernels/crowding.h"

#include <gtest/gtest.h>

namespace sixfold::kernels {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// Time that the test moves.  Not zero: a clock seldom is.
struct Day {
  Crowding::TimePoint now{std::chrono::hours(1)};

  // `count` times: `work` without a stall, then a stall.
  void spend(Crowding& crowding, int count, microseconds work, microseconds stall) {
    for (int i = 0; i < count; ++i) {
      now += work + stall;
      crowding.add_stall(now, stall);
    }
  }
};

TEST(Crowding, uses_everyone_when_nothing_stalls) {
  Crowding crowding(8);
  Day day;
  EXPECT_EQ(crowding.workers(day.now), 8u);
  day.now += milliseconds(1000);
  EXPECT_EQ(crowding.workers(day.now), 8u);
}

TEST(Crowding, ignores_a_single_short_stall_and_a_small_share_of_stalls) {
  Crowding crowding(8);
  Day day;
  day.spend(crowding, 1, milliseconds(1), milliseconds(6));
  EXPECT_EQ(crowding.workers(day.now), 8u);
  day.spend(crowding, 1000, microseconds(1000), microseconds(200));
  EXPECT_EQ(crowding.workers(day.now), 8u);
}

TEST(Crowding, leaves_a_quarter_out_when_stalls_take_a_large_share) {
  Crowding crowding(8);
  Day day;
  day.spend(crowding, 12, microseconds(500), microseconds(1000));
  EXPECT_EQ(crowding.workers(day.now), 6u);
}

TEST(Crowding, never_goes_below_one_worker) {
  Crowding crowding(3);
  Day day;
  for (const std::size_t want : {2u, 1u, 1u, 1u}) {
    day.spend(crowding, 1, microseconds(0), milliseconds(7));
    EXPECT_EQ(crowding.workers(day.now), want);
  }
}

TEST(Crowding, tries_everyone_again_after_a_pause_that_doubles_while_the_crowd_lasts) {
  Crowding crowding(2);
  Day day;
  day.spend(crowding, 1, microseconds(0), milliseconds(7));
  for (const auto pause : {milliseconds(20), milliseconds(40), milliseconds(80), milliseconds(160), milliseconds(320),
                           milliseconds(320)}) {
    EXPECT_EQ(crowding.workers(day.now + pause - microseconds(1)), 1u) << pause.count();
    day.now += pause;
    EXPECT_EQ(crowding.workers(day.now), 2u) << pause.count();
    day.spend(crowding, 1, microseconds(0), milliseconds(7));
    EXPECT_EQ(crowding.workers(day.now), 1u) << pause.count();
  }
}

TEST(Crowding, forgets_an_old_crowd) {
  Crowding crowding(2);
  Day day;
  for (int i = 0; i < 4; ++i) {
    day.spend(crowding, 1, microseconds(0), milliseconds(7));
    day.now += milliseconds(400);
    EXPECT_EQ(crowding.workers(day.now), 2u);
  }
  day.now += milliseconds(5000);
  day.spend(crowding, 1, microseconds(0), milliseconds(7));
  day.now += Crowding::kPauseMin;
  EXPECT_EQ(crowding.workers(day.now), 2u);
}

TEST(Crowding, comes_back_step_by_step) {
  Crowding crowding(8);
  Day day;
  for (int i = 0; i < 3; ++i) day.spend(crowding, 1, microseconds(0), milliseconds(7));
  EXPECT_EQ(crowding.workers(day.now), 4u);
  for (const std::size_t want : {6u, 8u, 8u}) {
    day.now += Crowding::kPauseMax;
    EXPECT_EQ(crowding.workers(day.now), want);
  }
}

}  // namespace
}  // namespace sixfold::kernels
