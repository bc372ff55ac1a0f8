// The middle and the ends of measurements.
#include "optimize/spread.h"

#include <gtest/gtest.h>

namespace sixfold::optimize {
namespace {

TEST(SpreadOf, takes_the_middle_and_the_ends) {
  const Spread odd = spread_of({3, 1, 2});
  EXPECT_EQ(odd.median, 2);
  EXPECT_EQ(odd.smallest, 1);
  EXPECT_EQ(odd.largest, 3);
  EXPECT_EQ(spread_of({4, 1, 2, 3}).median, 2.5);
}

}  // namespace
}  // namespace sixfold::optimize
