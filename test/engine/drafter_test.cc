// Guesses are what followed the last time, and chances what came true.
#include "engine/drafter.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/random.h"

namespace sixfold::engine {
namespace {

using Tokens = std::vector<TokenId>;

Tokens guesses(const Drafter& drafter, const Tokens& tokens, std::size_t count) {
  Tokens guessed;
  for (std::size_t index = 0; index < count; ++index) guessed.push_back(drafter.guess(tokens, index));
  return guessed;
}

std::vector<double> chances(const Drafter& drafter, std::size_t count) {
  std::vector<double> result;
  drafter.append_chances(count, result);
  return result;
}

TEST(Drafter, guesses_what_followed_the_last_time) {
  const Tokens tokens = {1, 2, 3, 9, 9, 4, 1, 2, 3, 7, 7, 5, 1, 2, 3};
  Drafter drafter;
  drafter.advance(tokens);
  ASSERT_TRUE(drafter.has_draft());
  EXPECT_EQ(guesses(drafter, tokens, 4), (Tokens{7, 7, 5, 1}));
}

TEST(Drafter, a_longer_match_wins_over_a_later_one) {
  const Tokens tokens = {1, 2, 3, 4, 9, 8, 3, 4, 7, 5, 1, 2, 3, 4};
  Drafter drafter;
  drafter.advance(tokens);
  EXPECT_EQ(drafter.guess(tokens, 0), 9);
}

TEST(Drafter, new_text_gives_nothing_to_guess) {
  const Tokens tokens = {1, 2, 3, 4, 1, 3, 2, 5, 3};
  Drafter drafter;
  drafter.advance(tokens);
  EXPECT_FALSE(drafter.has_draft());
  EXPECT_TRUE(chances(drafter, 5).empty());
}

TEST(Drafter, a_text_that_repeats_itself_is_continued_beyond_its_end) {
  const Tokens tokens = {5, 1, 2, 3, 1, 2, 3, 1, 2};
  Drafter drafter;
  drafter.advance(tokens);
  EXPECT_EQ(guesses(drafter, tokens, 8), (Tokens{3, 1, 2, 3, 1, 2, 3, 1}));
  const Tokens same = {7, 7, 7};
  Drafter monotone;
  monotone.advance(same);
  EXPECT_EQ(guesses(monotone, same, 3), (Tokens{7, 7, 7}));
}

TEST(Drafter, follows_a_place_while_the_text_agrees_and_leaves_it_then) {
  Tokens tokens = {1, 2, 3, 4, 5, 6, 7, 8, 1, 2};
  Drafter drafter;
  drafter.advance(tokens);
  for (const TokenId next : {3, 4, 5}) {
    EXPECT_EQ(drafter.guess(tokens, 0), next);
    tokens.push_back(next);
    drafter.advance(tokens);
  }
  tokens.push_back(1);
  drafter.advance(tokens);
  EXPECT_FALSE(drafter.has_draft()) << "5, 1 is new";
}

TEST(Drafter, chances_fall_with_distance_and_follow_what_came_true) {
  Tokens loop;
  for (int count = 0; count < 6; ++count) loop.push_back(static_cast<TokenId>(count % 3));
  Drafter drafter;
  drafter.advance(loop);
  const double at_first = chances(drafter, 1).at(0);
  for (int count = 0; count < 60; ++count) {
    loop.push_back(static_cast<TokenId>(count % 3));
    drafter.advance(loop);
  }
  const std::vector<double> later = chances(drafter, 15);
  ASSERT_EQ(later.size(), 15u);
  EXPECT_GT(later[0], at_first);
  EXPECT_GT(later[0], 0.95);
  EXPECT_TRUE(std::is_sorted(later.rbegin(), later.rend()));
}

TEST(Drafter, chances_of_a_text_that_only_seems_to_repeat_itself_vanish) {
  Tokens tokens;
  Drafter drafter;
  double last = 1;
  for (std::size_t count = 0; count < 2000; ++count) {
    tokens.push_back(static_cast<TokenId>(splitmix64(3, count) % 20));
    drafter.advance(tokens);
    if (drafter.has_draft()) last = chances(drafter, 1).at(0);
  }
  EXPECT_LT(last, 0.2) << "one of twenty is right";
}

TEST(Drafter, tokens_in_one_call_or_many_give_the_same_guesses) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Tokens tokens;
    for (std::size_t index = 0; index < 400; ++index) {
      tokens.push_back(static_cast<TokenId>(splitmix64(seed, index) % (2 + seed % 5)));
    }
    Drafter at_once;
    at_once.advance(tokens);
    Drafter one_by_one;
    for (std::size_t count = 1; count <= tokens.size(); ++count) one_by_one.advance(std::span(tokens).first(count));
    ASSERT_EQ(at_once.has_draft(), one_by_one.has_draft());
    if (at_once.has_draft()) {
      EXPECT_EQ(guesses(at_once, tokens, 15), guesses(one_by_one, tokens, 15));
    }
  }
}

// The definition: the end of the text and the place that is followed agree in two tokens at least.
TEST(Drafter, what_it_follows_did_stand_there) {
  Tokens tokens;
  Drafter drafter;
  std::size_t found = 0;
  for (std::size_t count = 0; count < 3000; ++count) {
    tokens.push_back(static_cast<TokenId>(splitmix64(5, count) % 30));
    drafter.advance(tokens);
    if (!drafter.has_draft()) continue;
    ++found;
    const TokenId guess = drafter.guess(tokens, 0);
    const Tokens run = {tokens[tokens.size() - 2], tokens.back(), guess};
    EXPECT_NE(std::search(tokens.begin(), tokens.end(), run.begin(), run.end()), tokens.end());
  }
  EXPECT_GT(found, 1000u);
}

TEST(Drafter, a_text_longer_than_the_table_still_finds_what_is_recent) {
  Tokens tokens;
  for (std::size_t index = 0; index < 300'000; ++index) {
    tokens.push_back(static_cast<TokenId>(splitmix64(9, index) % 100'000));
  }
  Drafter drafter;
  drafter.advance(tokens);
  const Tokens recent(tokens.end() - 50, tokens.end() - 46);
  tokens.insert(tokens.end(), recent.begin(), recent.end());
  drafter.advance(tokens);
  ASSERT_TRUE(drafter.has_draft());
  EXPECT_EQ(drafter.guess(tokens, 0), tokens[300'000 - 46]);
}

}  // namespace
}  // namespace sixfold::engine
