// The best cut of a text, against trying all of them.
#include "tokenizer/unigram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace sixfold::tokenizer {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> cut(const Unigram& model, const std::string& text) {
  std::vector<Unigram::Found> found;
  model.encode(text, found);
  std::vector<std::string> list;
  for (const Unigram::Found& piece : found) {
    list.push_back((piece.token == Unigram::kUnknown ? "?" : "") + std::string(piece.text));
  }
  return list;
}

TEST(Unigram, takes_the_best_sum_not_the_longest_piece) {
  const Unigram model({{"a", 0, -1}, {"b", 1, -1}, {"ab", 2, -3}, {"abc", 3, -9}, {"c", 4, -1}}, -20);
  EXPECT_THAT(cut(model, "abc"), ElementsAre("a", "b", "c"));
  const Unigram other({{"a", 0, -1}, {"b", 1, -1}, {"ab", 2, -1.5}, {"abc", 3, -3}, {"c", 4, -1}}, -20);
  EXPECT_THAT(cut(other, "abc"), ElementsAre("ab", "c"));
  EXPECT_THAT(cut(other, ""), ElementsAre());
}

TEST(Unigram, neighbouring_unknown_characters_are_one) {
  const Unigram model({{"a", 0, -1}, {"xyz", 1, -1}}, -11);
  EXPECT_THAT(cut(model, "axy\u4E2Da\u4E2D"), ElementsAre("a", "?xy\u4E2D", "a", "?\u4E2D"));
  EXPECT_THAT(cut(model, "xyz"), ElementsAre("xyz"));
}

// A character that is no piece keeps the penalty of an unknown one, even where a longer piece covers it.
TEST(Unigram, a_longer_piece_competes_with_an_unknown_character) {
  const Unigram model({{"qa", 0, -30}, {"a", 1, -1}}, -5);
  EXPECT_THAT(cut(model, "qa"), ElementsAre("?q", "a"));
}

TEST(Unigram, no_cut_is_better) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> texts = {"a", "b"};
    for (int i = 0; i < 8; ++i) {
      std::string text;
      for (auto bytes = random() % 4 + 1; bytes > 0; --bytes) text += "abc"[random() % 3];
      if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
    }
    std::vector<Unigram::Piece> pieces;
    for (const std::string& text : texts) {
      pieces.push_back({text, static_cast<TokenId>(pieces.size()), -1.0 - static_cast<double>(random() % 1000) / 100});
    }
    constexpr double kUnknown = -21;
    const auto score = [&](const Unigram::Found& piece) {
      return piece.token == Unigram::kUnknown ? kUnknown * static_cast<double>(piece.text.size())
                                              : pieces[static_cast<std::size_t>(piece.token)].score;
    };
    std::string text;
    for (int i = 0; i < 10; ++i) text += "abc"[random() % 3];
    // best[i]: of the first i bytes, by trying every last piece.
    std::vector<double> best(text.size() + 1, -1e9);
    best[0] = 0;
    for (std::size_t end = 1; end <= text.size(); ++end) {
      best[end] = best[end - 1] + kUnknown;
      for (const Unigram::Piece& piece : pieces) {
        if (!text.substr(0, end).ends_with(piece.text)) continue;
        best[end] = std::max(best[end], best[end - piece.text.size()] + piece.score);
      }
    }
    std::vector<Unigram::Found> found;
    Unigram(pieces, kUnknown).encode(text, found);
    double sum = 0;
    std::string joined;
    for (const Unigram::Found& piece : found) {
      sum += score(piece);
      joined += piece.text;
    }
    ASSERT_EQ(joined, text);
    ASSERT_NEAR(sum, best.back(), 1e-9);
  }
}

}  // namespace
}  // namespace sixfold::tokenizer
