// Waits between attempts: how long, how often, and what the server may ask for.
#include "net/retry.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/error.h"

namespace sixfold::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Waits {
  std::vector<Nanoseconds> list;
  Pause pause() {
    return [this](Nanoseconds delay) {
      list.push_back(delay);
      return ok();
    };
  }
};

TEST(Backoff, waits_double_up_to_the_longest_and_then_the_reason_comes_back) {
  Waits waits;
  Backoff backoff({.attempts_max = 6, .first = milliseconds(100), .longest = milliseconds(400)}, waits.pause(), 7);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(backoff.wait(unavailable("cut")).is_ok());
  const Status last = backoff.wait(unavailable("cut"));
  ASSERT_FALSE(last.is_ok());
  EXPECT_EQ(last.error().message, "cut (after 6 attempts)");
  const int kFull[] = {100, 200, 400, 400, 400};
  ASSERT_EQ(waits.list.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_GE(waits.list[i], milliseconds(kFull[i]) / 2);
    EXPECT_LE(waits.list[i], milliseconds(kFull[i]));
  }
}

TEST(Backoff, progress_starts_the_count_again) {
  Waits waits;
  Backoff backoff({.attempts_max = 2, .first = milliseconds(10)}, waits.pause(), 1);
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(backoff.wait(unavailable("cut")).is_ok());
    backoff.reset();
  }
  EXPECT_LE(waits.list.back(), milliseconds(10));
}

TEST(Backoff, the_server_is_obeyed_within_reason) {
  Waits waits;
  Backoff backoff({.asked_max = seconds(60)}, waits.pause(), 1);
  EXPECT_TRUE(backoff.wait(resource_exhausted("429"), seconds(42)).is_ok());
  EXPECT_EQ(waits.list, std::vector<Nanoseconds>{seconds(42)});
  const Status refused = backoff.wait(resource_exhausted("429"), seconds(61));
  ASSERT_FALSE(refused.is_ok());
  EXPECT_EQ(refused.error().message, "429; the server asks to wait 61 s");
}

TEST(Backoff, a_pause_that_is_stopped_ends_the_attempts) {
  Backoff backoff(
      {}, [](Nanoseconds) -> Status { return unavailable("stopped"); }, 1);
  EXPECT_EQ(backoff.wait(unavailable("cut")).error().message, "stopped");
}

TEST(AskedDelay, reads_seconds_dates_and_rate_limits) {
  const std::int64_t now = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT
  const auto asked = [&](std::string name, std::string value) {
    ResponseHead head;
    head.headers.push_back({std::move(name), std::move(value)});
    return asked_delay(head, now);
  };
  EXPECT_EQ(asked("Retry-After", "120"), seconds(120));
  EXPECT_EQ(asked("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT"), seconds(30));
  EXPECT_EQ(asked("Retry-After", "Sun, 06 Nov 1994 08:00:00 GMT"), seconds(0));
  EXPECT_EQ(asked("Retry-After", "-5"), std::nullopt);
  EXPECT_EQ(asked("Retry-After", "99999999999999999999"), std::nullopt);
  EXPECT_EQ(asked("Retry-After", "soon"), std::nullopt);
  EXPECT_EQ(asked("RateLimit", "\"api\";r=0;t=55"), seconds(55));
  EXPECT_EQ(asked("RateLimit", "\"api\";r=12;t=55"), std::nullopt);
  EXPECT_EQ(asked("X-Other", "1"), std::nullopt);
}

TEST(Transient, is_what_may_pass_by_itself) {
  for (const int status : {408, 429, 500, 502, 503, 504}) EXPECT_TRUE(is_transient_status(status));
  for (const int status : {200, 301, 400, 401, 403, 404, 416, 501}) EXPECT_FALSE(is_transient_status(status));
  EXPECT_TRUE(is_transient(unavailable("x")));
  EXPECT_TRUE(is_transient(deadline_exceeded("x")));
  EXPECT_FALSE(is_transient(resource_exhausted("disk full")));
}

}  // namespace
}  // namespace sixfold::net
