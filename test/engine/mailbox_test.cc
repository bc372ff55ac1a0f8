// The engine thread's bell: nothing that rings is forgotten, whenever it rings.
#include "engine/mailbox.h"

#include <gtest/gtest.h>

#include "core/clock.h"

namespace sixfold::engine {
namespace {

TEST(Mailbox, an_end_before_or_after_a_look_is_seen_by_the_next_one) {
  Mailbox before(8, system_clock());
  before.end();
  EXPECT_TRUE(before.take().is_last);

  Mailbox after(8, system_clock());
  EXPECT_FALSE(after.take().is_last);
  after.end();
  after.sleep();  // returns at once
  EXPECT_TRUE(after.take().is_last);
  EXPECT_TRUE(after.take().is_last);
}

TEST(Mailbox, what_is_closed_or_ended_takes_no_more_requests) {
  Mailbox closed(8, system_clock());
  closed.close();
  EXPECT_EQ(closed.push(nullptr), Mailbox::Pushed::kClosed);
  EXPECT_FALSE(closed.take().is_last) << "what runs goes on";

  Mailbox ended(8, system_clock());
  EXPECT_EQ(ended.push(nullptr), Mailbox::Pushed::kAccepted);
  ended.end();
  EXPECT_EQ(ended.push(nullptr), Mailbox::Pushed::kClosed);
  const Mailbox::Taken taken = ended.take();
  EXPECT_EQ(taken.requests.size(), 1U);
  EXPECT_TRUE(taken.is_last);
}

}  // namespace
}  // namespace sixfold::engine
