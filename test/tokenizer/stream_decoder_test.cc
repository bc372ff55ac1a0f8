// Text that comes token by token.
#include "tokenizer/stream_decoder.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "core/utf8.h"
#include "tokenizer/small_vocabulary.h"

namespace sixfold::tokenizer {
namespace {

std::unique_ptr<Tokenizer> make_decoder(Vocabulary vocabulary) {
  return make_tokenizer(std::move(vocabulary)).value();
}

// The whole text at once, broken sequences as U+FFFD.
std::string repaired_stream(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const Utf8Step step = read_utf8(bytes);
    append_utf8(text, step.code_point);
    bytes.remove_prefix(step.bytes);
  }
  return text;
}

TEST(StreamDecoder, holds_a_character_back_until_it_is_whole) {
  const auto tokenizer = make_decoder(small_byte_level());
  StreamDecoder decoder(*tokenizer, false);
  // U+20AC is E2 82 AC; bytes are the first 256 tokens.
  EXPECT_EQ(decoder.push('a'), "a");
  EXPECT_EQ(decoder.push(0xE2), "");
  EXPECT_EQ(decoder.push(0x82), "");
  EXPECT_EQ(decoder.push(0xAC), "\u20AC");
  EXPECT_EQ(decoder.flush(), "");
}

TEST(StreamDecoder, replaces_what_can_never_become_a_character) {
  const auto tokenizer = make_decoder(small_byte_level());
  StreamDecoder decoder(*tokenizer, false);
  EXPECT_EQ(decoder.push(0xE2), "");
  EXPECT_EQ(decoder.push('a'), "\uFFFDa");
  EXPECT_EQ(decoder.push(0xFF), "\uFFFD");
  EXPECT_EQ(decoder.push(0xF0), "");
  EXPECT_EQ(decoder.push(0x9F), "");
  EXPECT_EQ(decoder.flush(), "\uFFFD");
  EXPECT_EQ(decoder.flush(), "");
}

TEST(StreamDecoder, any_tokens_give_the_text_of_the_whole_in_whole_characters) {
  std::mt19937 random(5);
  for (const auto& tokenizer : {make_decoder(small_byte_level()), make_decoder(small_sentencepiece())}) {
    for (const bool shows_special : {false, true}) {
      for (int round = 0; round < 2000; ++round) {
        StreamDecoder decoder(*tokenizer, shows_special, true);
        std::vector<TokenId> tokens(random() % 20);
        std::string streamed;
        for (TokenId& token : tokens) {
          // Bytes of real characters are frequent, so that some of them become whole.
          const TokenId byte = static_cast<TokenId>("\xE2\x82\xAC\xF0\x9F\x98\x80\xC3\xB6"[random() % 9] & 0xFF);
          const bool is_byte = random() % 2 == 0;
          token = is_byte ? byte + (tokenizer->find("<0x00>").value_or(0))
                          : static_cast<TokenId>(random() % tokenizer->size());
          const std::string text = decoder.push(token);
          ASSERT_TRUE(is_valid_utf8(text));
          streamed += text;
        }
        streamed += decoder.flush();
        ASSERT_EQ(streamed, repaired_stream(tokenizer->decode(tokens, shows_special)));
      }
    }
  }
}

TEST(StreamDecoder, a_continuation_keeps_its_leading_space) {
  const auto tokenizer = make_decoder(small_sentencepiece());
  const auto tokens = tokenizer->encode("the", {.adds_special = false}).value();
  StreamDecoder continuation(*tokenizer, false);
  StreamDecoder beginning(*tokenizer, false, true);
  std::string continued, begun;
  for (const TokenId token : tokens) {
    continued += continuation.push(token);
    begun += beginning.push(token);
  }
  EXPECT_EQ(continued, " the");
  EXPECT_EQ(begun, "the");
}

TEST(StreamDecoder, a_control_token_in_front_does_not_count_as_the_beginning) {
  const auto tokenizer = make_decoder(small_sentencepiece());
  StreamDecoder decoder(*tokenizer, false, true);
  EXPECT_EQ(decoder.push(*tokenizer->bos()), "");
  EXPECT_EQ(decoder.push(*tokenizer->find("\u2581the")), "the");
  EXPECT_EQ(decoder.push(*tokenizer->find("\u2581the")), " the");
}

}  // namespace
}  // namespace sixfold::tokenizer
