// The stream's two sides: order, waiting, room, callbacks.
#include "engine/token_stream.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace sixfold::engine {
namespace {

TokenEvent event_of(TokenId token) {
  TokenEvent event;
  event.token = token;
  return event;
}

TEST(TokenStream, a_waiting_reader_gets_all_events_in_order_and_then_nothing) {
  TokenStream stream;
  std::vector<TokenId> read;
  std::thread reader([&] {
    while (const auto event = stream.next()) read.push_back(event->token);
  });
  for (TokenId token = 0; token < 100; ++token) stream.push(event_of(token));
  stream.push_last(event_of(100), {.generated_tokens = 101});
  reader.join();
  ASSERT_EQ(read.size(), 101u);
  for (TokenId token = 0; token <= 100; ++token) EXPECT_EQ(read[static_cast<std::size_t>(token)], token);
  EXPECT_TRUE(stream.is_finished());
  EXPECT_EQ(stream.usage().generated_tokens, 101u);
  EXPECT_FALSE(stream.next().has_value());
}

TEST(TokenStream, is_not_finished_before_the_last_event_was_read) {
  TokenStream stream;
  EXPECT_FALSE(stream.try_next().has_value());
  stream.push_last(event_of(1), {});
  EXPECT_FALSE(stream.is_finished());
  EXPECT_TRUE(stream.try_next().has_value());
  EXPECT_TRUE(stream.is_finished());
}

TEST(TokenStream, has_room_again_when_half_was_read_and_wakes_the_engine_once) {
  int wakes = 0;
  TokenStream stream([&] { ++wakes; });
  for (std::size_t count = 0; count < limits::kTokenStreamMax; ++count) {
    EXPECT_TRUE(stream.has_room());
    stream.push(event_of(1));
  }
  EXPECT_FALSE(stream.has_room());
  for (std::size_t count = 1; count < limits::kTokenStreamMax / 2; ++count) stream.try_next();
  EXPECT_FALSE(stream.has_room());
  EXPECT_EQ(wakes, 0);
  stream.try_next();
  EXPECT_TRUE(stream.has_room());
  EXPECT_EQ(wakes, 1);
  while (stream.try_next()) {
  }
  EXPECT_EQ(wakes, 1);
}

TEST(TokenStream, calls_when_events_come_after_none) {
  TokenStream stream;
  int calls = 0;
  stream.on_ready([&] { ++calls; });
  EXPECT_EQ(calls, 0);
  stream.push(event_of(1));
  stream.push(event_of(2));
  EXPECT_EQ(calls, 1);
  while (stream.try_next()) {
  }
  stream.push_last(event_of(3), {});
  EXPECT_EQ(calls, 2);
}

TEST(TokenStream, calls_at_once_when_events_are_there) {
  TokenStream stream;
  stream.push_last(event_of(1), {});
  int calls = 0;
  stream.on_ready([&] { ++calls; });
  EXPECT_EQ(calls, 1);
}

TEST(TokenStream, forgets_the_callback_after_the_last_event) {
  TokenStream stream;
  auto owned = std::make_shared<int>(0);
  const std::weak_ptr<int> watched = owned;
  stream.on_ready([owned = std::move(owned)] { ++*owned; });
  EXPECT_FALSE(watched.expired());
  stream.push(event_of(1));
  stream.push_last(event_of(2), {});
  EXPECT_TRUE(watched.expired());
}

TEST(TokenStream, the_callback_may_read) {
  TokenStream stream;
  std::vector<TokenId> read;
  stream.on_ready([&] {
    while (const auto event = stream.try_next()) read.push_back(event->token);
  });
  stream.push(event_of(1));
  stream.push_last(event_of(2), {});
  EXPECT_EQ(read, (std::vector<TokenId>{1, 2}));
}

TEST(TokenStream, cancel_wakes_the_engine_once) {
  int wakes = 0;
  TokenStream stream([&] { ++wakes; });
  stream.cancel();
  stream.cancel();
  EXPECT_TRUE(stream.is_cancelled());
  EXPECT_EQ(wakes, 1);
}

}  // namespace
}  // namespace sixfold::engine
