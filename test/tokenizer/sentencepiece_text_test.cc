// Charsmaps, good and broken, and what SentencePiece does with spaces.
#include "tokenizer/sentencepiece_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/utf8.h"
#include "tokenizer/charsmap_bytes.h"

namespace sixfold::tokenizer {
namespace {

using ::testing::HasSubstr;

Charsmap small_map() {
  return Charsmap::make(charsmap_bytes({{"A", "a"},
                                        {"\u00C4", "ae"},
                                        {"ff", "F"},
                                        {"ffi", "FI"},
                                        {"\t", " "},
                                        {"\u200B", ""},
                                        {"\u3000", " "}}))
      .value();
}

TEST(Charsmap, finds_the_longest_and_the_shortest_rule) {
  const Charsmap map = small_map();
  EXPECT_EQ(map.longest("ffix")->replacement, "FI");
  EXPECT_EQ(map.longest("ffix")->bytes, 3u);
  EXPECT_EQ(map.shortest("ffix")->replacement, "F");
  EXPECT_EQ(map.longest("\u00C4")->replacement, "ae");
  EXPECT_EQ(map.longest("\u200Bx")->replacement, "");
  EXPECT_FALSE(map.longest("f").has_value());
  EXPECT_FALSE(map.longest("").has_value());
  EXPECT_FALSE(Charsmap().longest("A").has_value());
}

TEST(Charsmap, refuses_broken_bytes) {
  const std::string good = charsmap_bytes({{"A", "a"}});
  EXPECT_TRUE(Charsmap::make("").is_ok());
  EXPECT_TRUE(Charsmap::make(good).is_ok());
  EXPECT_THAT(Charsmap::make("abc").error().message, HasSubstr("want 4 bytes or more, got 3"));
  EXPECT_THAT(Charsmap::make(good.substr(0, 1000)).error().message, HasSubstr("array: want a multiple of 4"));
  EXPECT_THAT(Charsmap::make(good.substr(0, good.size() - 1)).error().message, HasSubstr("the last one has no end"));
  std::string odd = good;
  odd[0] = 3;
  EXPECT_FALSE(Charsmap::make(odd).is_ok());
  std::string broken = good;
  broken[broken.size() - 2] = '\xFF';
  EXPECT_THAT(Charsmap::make(broken).error().message, HasSubstr("want UTF-8"));
}

// Every unit in turn points anywhere; what is found, if anything, must be text of the file.
TEST(Charsmap, an_array_that_points_anywhere_is_harmless) {
  const std::string good = charsmap_bytes({{"A", "a"}, {"AB", "\u00E4"}});
  for (const int wrong : {0x00, 0x7F, 0x80, 0xFF}) {
    for (std::size_t at = 4; at < 4 + 4 * 300; ++at) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(wrong);
      const auto map = Charsmap::make(bytes);
      ASSERT_TRUE(map.is_ok());
      for (const char* text : {"A", "AB", "ABC"}) {
        if (const auto match = map->longest(text); match.has_value()) {
          ASSERT_LE(match->bytes, 3u);
          ASSERT_TRUE(is_valid_utf8(match->replacement));
        }
      }
    }
  }
}

TEST(SentencePieceText, spaces_become_marks_and_one_is_put_in_front) {
  const SentencePieceText text;
  EXPECT_EQ(text.normalized(" a  b ", true), "\u2581\u2581a\u2581\u2581b\u2581");
  EXPECT_EQ(text.normalized("a", false), "a");
  EXPECT_EQ(text.normalized("", true), "");
  EXPECT_EQ(text.normalized("a\xFF\xE2\x82z", false), "a\uFFFD\uFFFD\uFFFDz");
}

TEST(SentencePieceText, extra_spaces_are_taken_away) {
  const SentencePieceText text = {small_map(), true};
  EXPECT_EQ(text.normalized("  A \t b\u3000 ", true), "\u2581a\u2581b");
  EXPECT_EQ(text.normalized("  A  b ", false), "a\u2581b");
  EXPECT_EQ(text.normalized(" \t\u3000", true), "");
  EXPECT_EQ(text.normalized("\u200B", true), "");
}

TEST(SentencePieceText, byte_tokens_are_written_with_two_capital_digits) {
  EXPECT_EQ(byte_token_text(0x0A), "<0x0A>");
  EXPECT_EQ(byte_of_token_text("<0xFE>"), 0xFE);
  for (const char* text : {"<0xfe>", "<0xF>", "<0xFEE>", "0xFE", "<0xFG>", ""}) {
    EXPECT_FALSE(byte_of_token_text(text).has_value()) << text;
  }
  EXPECT_EQ(with_spaces("\u2581a\u2581"), " a ");
}

}  // namespace
}  // namespace sixfold::tokenizer
