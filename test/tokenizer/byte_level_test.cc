// The byte alphabet.
#include "tokenizer/byte_level.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/utf8.h"

namespace sixfold::tokenizer {
namespace {

TEST(ByteLevel, every_byte_has_its_own_printable_character) {
  std::set<char32_t> seen;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string bytes(1, static_cast<char>(byte));
    std::string text;
    append_byte_level(text, bytes);
    const Utf8Step step = read_utf8(text);
    ASSERT_TRUE(step.is_valid);
    EXPECT_EQ(step.bytes, text.size());
    EXPECT_GT(step.code_point, U' ');
    EXPECT_LT(step.code_point, char32_t{0x144});
    EXPECT_TRUE(seen.insert(step.code_point).second);
    EXPECT_EQ(from_byte_level(text), bytes);
  }
}

TEST(ByteLevel, is_the_alphabet_of_gpt2) {
  std::string text;
  append_byte_level(text, " \n\t!~\x7F\xA0\xA1\xAD");
  EXPECT_EQ(text, "\u0120\u010A\u0109!~\u0121\u0142\u00A1\u0143");
}

TEST(ByteLevel, other_characters_stay_as_they_are) {
  EXPECT_EQ(from_byte_level("\u0144\u4E2D \xFF"), "\u0144\u4E2D \xFF");
}

}  // namespace
}  // namespace sixfold::tokenizer
