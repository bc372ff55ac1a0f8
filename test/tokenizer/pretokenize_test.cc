// How each family cuts text into words.
#include "tokenizer/pretokenize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tokenizer/pretokenizer_list.h"

namespace sixfold::tokenizer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> words(std::string_view name, std::string_view text) {
  const PretokenizerInfo* info = find_pretokenizer(name);
  EXPECT_NE(info, nullptr) << name;
  const Pretokenizer pretokenizer = Pretokenizer::make(info->patterns).value();
  std::vector<std::string> list;
  const Status status = pretokenizer.split(text, [&](std::string_view word) {
    list.emplace_back(word);
    return ok();
  });
  EXPECT_TRUE(status.is_ok()) << status.error().message;
  return list;
}

TEST(Pretokenize, gpt2_keeps_digits_together_and_one_space_before_a_word) {
  EXPECT_THAT(words("gpt-2", "I'll  pay 12345 now!"), ElementsAre("I", "'ll", " ", " pay", " 12345", " now", "!"));
  EXPECT_THAT(words("gpt-2", "I'LL"), ElementsAre("I", "'", "LL"));
  EXPECT_THAT(words("gpt-2", "a \n\n b  "), ElementsAre("a", " \n\n", " b", "  "));
}

TEST(Pretokenize, llama3_takes_three_digits_and_contractions_of_any_case) {
  EXPECT_THAT(words("llama-bpe", "I'LL pay 12345"), ElementsAre("I", "'LL", " pay", " ", "123", "45"));
  EXPECT_THAT(words("llama-bpe", "x!\n\ny"), ElementsAre("x", "!\n\n", "y"));
  EXPECT_THAT(words("llama-bpe", "(word"), ElementsAre("(word"));
}

TEST(Pretokenize, qwen2_takes_digits_one_by_one) {
  EXPECT_THAT(words("qwen2", "a 123"), ElementsAre("a", " ", "1", "2", "3"));
}

// "e" and a combining acute accent.
TEST(Pretokenize, qwen35_keeps_marks_with_their_letters) {
  EXPECT_THAT(words("qwen35", "cafe\xCC\x81s"), ElementsAre("cafe\xCC\x81s"));
  EXPECT_THAT(words("qwen2", "cafe\xCC\x81s"), ElementsAre("cafe", "\xCC\x81s"));
}

TEST(Pretokenize, starcoder_takes_digits_off_before_words) {
  EXPECT_THAT(words("starcoder", "ab 12c"), ElementsAre("ab", " ", "1", "2", "c"));
}

TEST(Pretokenize, deepseek_takes_words_marks_and_ideographs_in_turn) {
  EXPECT_THAT(words("deepseek-llm", "ab 12\u4E2D\u6587!?\n x"),
              ElementsAre("ab", " ", "12", "\u4E2D\u6587", "!?", "\n", " x"));
  EXPECT_THAT(words("deepseek-coder", "ab 12!\n"), ElementsAre("ab", " ", "1", "2", "!", "\n"));
  EXPECT_THAT(words("deepseek-v3", "ab 12345!foo\u4E2Dx"), ElementsAre("ab", " ", "123", "45", "!foo", "\u4E2D", "x"));
}

TEST(Pretokenize, bloom_takes_marks_with_the_spaces_around_words) {
  EXPECT_THAT(words("bloom", "Hello big, world"), ElementsAre("Hello", " big", ",", " world"));
}

TEST(Pretokenize, tekken_and_gpt4o_split_at_capitals) {
  EXPECT_THAT(words("tekken", "HelloWorld's 123"), ElementsAre("Hello", "World", "'s", " ", "1", "2", "3"));
  EXPECT_THAT(words("gpt-4o", "HelloWorld's 1234"), ElementsAre("Hello", "World's", " ", "123", "4"));
}

TEST(Pretokenize, default_takes_punctuation_off_first) {
  EXPECT_THAT(words("default", "a+b 1234"), ElementsAre("a", "+", "b", " ", "123", "4"));
  EXPECT_THAT(words("", "a+b"), ElementsAre("a", "+", "b"));
}

// U+180E is no space since Unicode 6.3; U+00A0 and U+3000 are.
TEST(Pretokenize, spaces_are_those_of_unicode) {
  EXPECT_THAT(words("gpt-2", "a\xE1\xA0\x8E!"), ElementsAre("a", "\xE1\xA0\x8E!"));
  EXPECT_THAT(words("gpt-2", "a\xC2\xA0\xE3\x80\x80!"), ElementsAre("a", "\xC2\xA0", "\xE3\x80\x80", "!"));
}

TEST(Pretokenize, pieces_of_every_family_make_up_the_text) {
  const std::string text =
      "It's 12345 'quoted' WORDS,\r\n\n\tfoo(bar) = \"\xC3\xA4\xC3\x96\";   \xE4\xB8\xAD\xE6\x96\x87 "
      "\xF0\x9F\x98\x80!? \xCC\x81 x  ";
  std::string names = pretokenizer_names();
  int families = 0;
  while (!names.empty()) {
    const std::size_t comma = std::min(names.find(", "), names.size());
    std::string joined;
    for (const std::string& word : words(names.substr(0, comma), text)) {
      EXPECT_FALSE(word.empty());
      joined += word;
    }
    EXPECT_EQ(joined, text) << names;
    names.erase(0, comma + 2);
    ++families;
  }
  EXPECT_GT(families, 20);
}

TEST(Pretokenize, long_runs_do_not_exhaust_the_matcher) {
  constexpr std::size_t kBytes = 1 << 20;
  for (const char* name : {"gpt-2", "llama-bpe", "qwen2", "tekken", "gpt-4o", "default", "falcon", "starcoder"}) {
    for (const std::string& text :
         {std::string(kBytes, 'a'), std::string(kBytes, 'A'), std::string(kBytes, ' '), std::string(kBytes, ' ') + "x",
          std::string(kBytes, '\n'), std::string(kBytes, '!'), std::string(kBytes, '\'')}) {
      std::size_t bytes = 0;
      const Pretokenizer pretokenizer = Pretokenizer::make(find_pretokenizer(name)->patterns).value();
      const Status status = pretokenizer.split(text, [&](std::string_view word) {
        bytes += word.size();
        return ok();
      });
      ASSERT_TRUE(status.is_ok()) << name << ": " << status.error().message;
      EXPECT_EQ(bytes, text.size());
    }
  }
}

TEST(Pretokenize, passes_on_the_error_of_the_visitor) {
  const Pretokenizer pretokenizer = Pretokenizer::make(find_pretokenizer("gpt-2")->patterns).value();
  int calls = 0;
  const Status status = pretokenizer.split("a b c", [&](std::string_view) -> Status {
    ++calls;
    return Error{ErrorCode::kUnavailable, "enough"};
  });
  ASSERT_FALSE(status.is_ok());
  EXPECT_EQ(status.error().message, "enough");
  EXPECT_EQ(calls, 1);
}

TEST(Pretokenize, a_pattern_that_runs_away_is_an_error) {
  // Exponential without its possessive quantifiers: the limits must end it.
  const std::array<std::string_view, 1> patterns = {"(?:(?:a+)+)+[bd]"};
  const Pretokenizer pretokenizer = Pretokenizer::make(patterns).value();
  const Status status = pretokenizer.split(std::string(64, 'a') + "c", [](std::string_view) { return ok(); });
  ASSERT_FALSE(status.is_ok());
  EXPECT_EQ(status.error().code, ErrorCode::kInternal);
  EXPECT_THAT(status.error().message, HasSubstr("gave up at byte 0 of 65"));
}

TEST(Pretokenize, unknown_names_are_not_found) {
  EXPECT_EQ(find_pretokenizer("no-such"), nullptr);
  EXPECT_THAT(pretokenizer_names(), HasSubstr("llama-bpe, "));
}

}  // namespace
}  // namespace sixfold::tokenizer
