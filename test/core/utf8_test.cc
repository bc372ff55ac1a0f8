// UTF-8, well-formed and broken.
#include "core/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sixfold {
namespace {

TEST(Utf8, every_code_point_survives_writing_and_reading) {
  for (char32_t code_point = 0; code_point <= 0x10FFFF; ++code_point) {
    if (code_point >= 0xD800 && code_point <= 0xDFFF) continue;
    std::string text;
    append_utf8(text, code_point);
    const Utf8Step step = read_utf8(text + "x");
    ASSERT_TRUE(step.is_valid);
    ASSERT_EQ(step.code_point, code_point);
    ASSERT_EQ(step.bytes, text.size());
  }
}

TEST(Utf8, refuses_overlong_surrogates_and_too_large) {
  for (const char* text : {"\xC0\xAF", "\xC1\xBF", "\xE0\x80\xAF", "\xE0\x9F\xBF", "\xF0\x80\x80\xAF", "\xED\xA0\x80",
                           "\xED\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\x80", "\xFE", "\xFF", "a\xC3"}) {
    EXPECT_FALSE(is_valid_utf8(text)) << text;
  }
  EXPECT_TRUE(is_valid_utf8(""));
  EXPECT_TRUE(is_valid_utf8("a\xC3\xB6\xE2\x82\xAC\xF0\x9F\x98\x80"));
}

// The example of the Unicode Standard 15.0, chapter 3, table 3-8 to 3-11: how many bytes each U+FFFD stands for.
TEST(Utf8, steps_over_maximal_subparts) {
  struct Case {
    std::string text;
    std::vector<std::size_t> steps;
  };
  const std::vector<Case> cases = {
      {"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", {1, 1, 1, 1, 1, 1, 1, 1, 1}},
      {"\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", {1, 1, 1, 1, 1, 1, 1, 1, 1}},
      {"\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", {1, 1, 1, 1, 1, 1, 1, 1, 1}},
      {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", {2, 1, 3, 2, 1}},
  };
  for (const Case& c : cases) {
    std::vector<std::size_t> steps;
    std::string_view rest = c.text;
    while (!rest.empty()) {
      steps.push_back(read_utf8(rest).bytes);
      rest.remove_prefix(steps.back());
    }
    EXPECT_EQ(steps, c.steps);
  }
}

TEST(Utf8, tells_a_cut_character_from_a_broken_one) {
  for (const std::string whole : {"\xC3\xB6", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"}) {
    for (std::size_t length = 1; length < whole.size(); ++length) {
      EXPECT_TRUE(read_utf8(whole.substr(0, length)).is_cut);
      EXPECT_EQ(read_utf8(whole.substr(0, length)).bytes, length);
      EXPECT_FALSE(read_utf8(whole.substr(0, length) + "a").is_cut);
    }
  }
  EXPECT_FALSE(read_utf8("\x80").is_cut);
  EXPECT_FALSE(read_utf8("\xF4\x90").is_cut);
}

}  // namespace
}  // namespace sixfold
