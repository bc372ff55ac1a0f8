// Characters and normal forms.
#include "tokenizer/unicode.h"

#include <gtest/gtest.h>

namespace sixfold::tokenizer {
namespace {

TEST(Unicode, normal_forms_are_those_of_the_standard) {
  // Unicode Standard Annex #15, table 5 and figure 6: D with dot above, a ligature, a long s with two dots.
  EXPECT_EQ(normal_form("\u1E0A", NormalForm::kNfd), "D\u0307");
  EXPECT_EQ(normal_form("D\u0307", NormalForm::kNfc), "\u1E0A");
  EXPECT_EQ(normal_form("\uFB01", NormalForm::kNfc), "\uFB01");
  EXPECT_EQ(normal_form("\uFB01", NormalForm::kNfkc), "fi");
  EXPECT_EQ(normal_form("\uFB01", NormalForm::kNfkd), "fi");
  EXPECT_EQ(normal_form("\u1E9B\u0323", NormalForm::kNfd), "\u017F\u0323\u0307");
  EXPECT_EQ(normal_form("\u1E9B\u0323", NormalForm::kNfkc), "\u1E69");
  EXPECT_EQ(normal_form("\uD55C", NormalForm::kNfd), "\u1112\u1161\u11AB");
  EXPECT_EQ(normal_form("\u1112\u1161\u11AB", NormalForm::kNfc), "\uD55C");
  EXPECT_EQ(normal_form("plain", NormalForm::kNfkc), "plain");
  EXPECT_EQ(normal_form("", NormalForm::kNfd), "");
}

TEST(Unicode, marks_are_sorted_by_class_and_keep_their_order_within_one) {
  // Classes: dot below 220, dot above and diaeresis 230.
  EXPECT_EQ(normal_form("q\u0307\u0323", NormalForm::kNfd), "q\u0323\u0307");
  EXPECT_EQ(normal_form("q\u0308\u0307\u0323", NormalForm::kNfd), "q\u0323\u0308\u0307");
  EXPECT_EQ(normal_form("q\u0307\u0308\u0323", NormalForm::kNfd), "q\u0323\u0307\u0308");
}

TEST(Unicode, the_longest_decomposition_fits) {
  EXPECT_EQ(normal_form("\uFDFA", NormalForm::kNfkd).size(), 33u);
}

// A sort that compares neighbours would take hours.
TEST(Unicode, a_million_marks_are_sorted) {
  std::string text = "a";
  for (int i = 0; i < 1 << 20; ++i) text += i % 2 == 0 ? "\u0307" : "\u0323";
  const std::string sorted = normal_form(text, NormalForm::kNfd);
  ASSERT_EQ(sorted.size(), text.size());
  EXPECT_EQ(sorted.substr(0, 5), "a\u0323\u0323");
  EXPECT_EQ(sorted.substr(sorted.size() - 4), "\u0307\u0307");
}

TEST(Unicode, categories_and_spaces) {
  EXPECT_TRUE(is_white_space(0x3000));
  EXPECT_TRUE(is_white_space('\t'));
  EXPECT_FALSE(is_white_space(0x180E));
  EXPECT_FALSE(is_white_space(0x200B));
  EXPECT_TRUE(is_other(0x200B));
  EXPECT_TRUE(is_other(0xE000));
  EXPECT_FALSE(is_other(0xFFFF));
  EXPECT_TRUE(is_bert_punctuation('$'));
  EXPECT_FALSE(is_punctuation('$'));
  EXPECT_TRUE(is_bert_punctuation(0x3002));
  EXPECT_FALSE(is_bert_punctuation(0x20AC));
  EXPECT_TRUE(is_nonspacing_mark(0x301));
  EXPECT_FALSE(is_nonspacing_mark(0x903));
  EXPECT_TRUE(is_mark(0x903));
  EXPECT_TRUE(is_numeric(0xBD));
  EXPECT_FALSE(is_numeric('a'));
}

TEST(Unicode, lower_case_is_that_of_single_characters) {
  EXPECT_EQ(lower_case("ÀΣ\u0130x"), "àσi\u0307x");
}

TEST(Unicode, graphemes_keep_marks_and_joined_emoji) {
  EXPECT_EQ(grapheme_bytes("e\u0301x"), 3u);
  EXPECT_EQ(grapheme_bytes("ab"), 1u);
  EXPECT_EQ(grapheme_bytes("\U0001F468\u200D\U0001F469\u200D\U0001F467!"), 18u);
  EXPECT_EQ(grapheme_bytes("\r\nx"), 2u);
}

}  // namespace
}  // namespace sixfold::tokenizer
