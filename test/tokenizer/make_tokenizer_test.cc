// Both kinds on small vocabularies: encoding, decoding, special tokens, and vocabularies that are refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "core/limits.h"
#include "core/utf8.h"
#include "tokenizer/charsmap_bytes.h"
#include "tokenizer/small_vocabulary.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::tokenizer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::unique_ptr<Tokenizer> make(Vocabulary vocabulary) {
  auto made = make_tokenizer(std::move(vocabulary));
  EXPECT_TRUE(made.is_ok()) << made.error().message;
  return std::move(made).value();
}

std::string make_error_of(Vocabulary vocabulary) {
  const auto made = make_tokenizer(std::move(vocabulary));
  return made.is_ok() ? "accepted" : made.error().message;
}

// The tokens of a text, as the vocabulary writes them.
std::vector<std::string> texts(const Tokenizer& tokenizer, const Vocabulary& vocabulary, std::string_view text,
                               EncodeOptions options = {.adds_special = false}) {
  std::vector<std::string> list;
  const std::vector<TokenId> tokens = tokenizer.encode(text, options).value();
  for (const TokenId token : tokens) {
    list.emplace_back(vocabulary.tokens[static_cast<std::size_t>(token)]);
  }
  return list;
}

TEST(ByteLevelBpe, merges_best_rank_first) {
  const Vocabulary vocabulary = small_byte_level();
  const auto tokenizer = make(vocabulary);
  EXPECT_THAT(texts(*tokenizer, vocabulary, "hello the"), ElementsAre("hello", "\u0120the"));
  EXPECT_THAT(texts(*tokenizer, vocabulary, "aaaaaaa"), ElementsAre("aaaa", "aaa"));
  EXPECT_THAT(texts(*tokenizer, vocabulary, ""), ElementsAre());
}

TEST(ByteLevelBpe, takes_whole_words_only_where_the_model_does) {
  Vocabulary vocabulary = small_byte_level("gpt-2");
  vocabulary.tokens.push_back("xyz");  // no merge leads to it
  vocabulary.kinds.push_back(TokenKind::kNormal);
  EXPECT_THAT(texts(*make(vocabulary), vocabulary, "xyz"), ElementsAre("x", "y", "z"));
  vocabulary.pretokenizer = "llama-bpe";
  EXPECT_THAT(texts(*make(vocabulary), vocabulary, "xyz xyzz"), ElementsAre("xyz", "\u0120", "x", "y", "z", "z"));
}

TEST(ByteLevelBpe, broken_utf8_becomes_replacement_characters) {
  const auto tokenizer = make(small_byte_level());
  const auto ids = tokenizer->encode("a\xFF\xE2\x82z", {.adds_special = false}).value();
  EXPECT_EQ(tokenizer->decode(ids, false), "a\uFFFD\uFFFDz");
}

TEST(ByteLevelBpe, bytes_without_a_token_are_unknown) {
  Vocabulary vocabulary = small_byte_level();
  vocabulary.tokens = with_text(vocabulary.tokens, 'q', "[cut]");
  EXPECT_THAT(texts(*make(vocabulary), vocabulary, "aqa"), ElementsAre("a", "a"));
  vocabulary.unknown = 'q';
  EXPECT_THAT(texts(*make(vocabulary), vocabulary, "aqa"), ElementsAre("a", "[cut]", "a"));
}

TEST(ByteLevelBpe, never_takes_a_leading_space_for_its_own) {
  Vocabulary vocabulary = small_byte_level();
  vocabulary.adds_space_prefix = true;  // some files carry it along; it means nothing here
  const auto tokenizer = make(vocabulary);
  EXPECT_EQ(tokenizer->decode(tokenizer->encode(" the", {}).value(), false), " the");
}

TEST(ByteLevelBpe, begin_and_end_are_added_as_asked) {
  Vocabulary vocabulary = small_byte_level();
  EXPECT_FALSE(make(vocabulary)->adds_bos());
  EXPECT_TRUE(make(small_byte_level("llama-bpe"))->adds_bos());
  vocabulary.adds_bos = true;
  vocabulary.adds_eos = true;
  const auto tokenizer = make(vocabulary);
  EXPECT_TRUE(tokenizer->adds_bos());
  EXPECT_THAT(texts(*tokenizer, vocabulary, "a", {}), ElementsAre("<|begin|>", "a", "<|im_end|>"));
  EXPECT_THAT(texts(*tokenizer, vocabulary, "a", {.adds_special = false}), ElementsAre("a"));
  vocabulary.bos.reset();
  EXPECT_FALSE(make(vocabulary)->adds_bos());
}

TEST(ByteLevelBpe, special_tokens_are_found_on_request_and_user_defined_ones_always) {
  const Vocabulary vocabulary = small_byte_level();
  const auto tokenizer = make(vocabulary);
  const EncodeOptions parsing = {.adds_special = false, .parses_special = true};
  EXPECT_THAT(texts(*tokenizer, vocabulary, "a<|im_end|>hello<tool>", parsing),
              ElementsAre("a", "<|im_end|>", "hello", "<tool>"));
  EXPECT_THAT(texts(*tokenizer, vocabulary, "a<tool>"), ElementsAre("a", "<tool>"));
  EXPECT_EQ(tokenizer->decode(tokenizer->encode("<|im_end|>", {}).value(), false), "<|im_end|>");
  EXPECT_EQ(tokenizer->encode("<|im_end|>", {})->size(), 10u);

  const auto ids = tokenizer->encode("a<|im_end|>", parsing).value();
  EXPECT_EQ(tokenizer->decode(ids, false), "a");
  EXPECT_EQ(tokenizer->decode(ids, true), "a<|im_end|>");
}

TEST(ByteLevelBpe, the_longest_special_token_wins_and_texts_between_stay) {
  Vocabulary vocabulary = small_byte_level();
  for (const char* text : {"<a", "<a><b>", "<a>", "<a><"}) {
    vocabulary.tokens.push_back(text);
    vocabulary.kinds.push_back(TokenKind::kControl);
  }
  const auto tokenizer = make(vocabulary);
  const EncodeOptions parsing = {.adds_special = false, .parses_special = true};
  EXPECT_THAT(texts(*tokenizer, vocabulary, "<a><b>", parsing), ElementsAre("<a><b>"));
  EXPECT_THAT(texts(*tokenizer, vocabulary, "x<a><cx", parsing), ElementsAre("x", "<a><", "c", "x"));
  EXPECT_THAT(texts(*tokenizer, vocabulary, "<a>b<a", parsing), ElementsAre("<a>", "b", "<a"));
  EXPECT_THAT(texts(*tokenizer, vocabulary, "<", parsing), ElementsAre("<"));
}

TEST(Tokenizer, ends_generation_at_eos_eot_and_known_texts) {
  Vocabulary vocabulary = small_byte_level();
  for (const char* text : {"</s>", "<|eot_id|>", "<|end|>"}) vocabulary.tokens.push_back(text);
  vocabulary.kinds.insert(vocabulary.kinds.end(), {TokenKind::kNormal, TokenKind::kUserDefined, TokenKind::kControl});
  vocabulary.eos = 'a';
  vocabulary.eot = 'b';
  const auto tokenizer = make(vocabulary);
  EXPECT_TRUE(tokenizer->ends_generation('a'));
  EXPECT_TRUE(tokenizer->ends_generation('b'));
  EXPECT_TRUE(tokenizer->ends_generation(*tokenizer->find("<|im_end|>")));
  EXPECT_TRUE(tokenizer->ends_generation(*tokenizer->find("<|eot_id|>")));
  EXPECT_TRUE(tokenizer->ends_generation(*tokenizer->find("<|end|>")));
  EXPECT_FALSE(tokenizer->ends_generation(*tokenizer->find("</s>")));  // an ordinary token that looks like one
  EXPECT_FALSE(tokenizer->ends_generation('c'));
  EXPECT_FALSE(tokenizer->ends_generation(-1));
  EXPECT_FALSE(tokenizer->ends_generation(1 << 30));
  // A user-defined end is treated as control: neither shown nor read without request.
  EXPECT_EQ(tokenizer->piece(*tokenizer->find("<|eot_id|>"), false), "");
  EXPECT_EQ(tokenizer->encode("<|eot_id|>", {})->size(), 10u);
}

TEST(Tokenizer, ids_out_of_range_have_no_text) {
  for (const auto& tokenizer : {make(small_byte_level()), make(small_sentencepiece())}) {
    EXPECT_EQ(tokenizer->piece(-1, true), "");
    EXPECT_EQ(tokenizer->piece(static_cast<TokenId>(tokenizer->size()), true), "");
    EXPECT_EQ(tokenizer->decode(std::vector<TokenId>{-5, 1 << 30}, true), "");
  }
}

TEST(Tokenizer, too_long_texts_are_refused) {
  const auto tokenizer = make(small_byte_level());
  const auto tokens = tokenizer->encode(std::string(limits::kTokenizeBytesMax + 1, 'a'), {});
  ASSERT_FALSE(tokens.is_ok());
  EXPECT_EQ(tokens.error().code, ErrorCode::kInvalidArgument);
}

TEST(SentencePieceBpe, merges_best_score_first_and_marks_spaces) {
  const Vocabulary vocabulary = small_sentencepiece();
  const auto tokenizer = make(vocabulary);
  EXPECT_TRUE(tokenizer->adds_bos());
  EXPECT_THAT(texts(*tokenizer, vocabulary, "hello the", {}), ElementsAre("<s>", "\u2581hello", "\u2581the"));
  EXPECT_THAT(texts(*tokenizer, vocabulary, "  a"), ElementsAre("\u2581\u2581", "\u2581", "a"));
  EXPECT_THAT(texts(*tokenizer, vocabulary, ""), ElementsAre());
  EXPECT_EQ(tokenizer->decode(tokenizer->encode(" hello  the ", {}).value(), false), " hello  the ");
}

TEST(SentencePieceBpe, characters_without_a_token_fall_back_to_bytes) {
  const Vocabulary vocabulary = small_sentencepiece();
  const auto tokenizer = make(vocabulary);
  EXPECT_THAT(texts(*tokenizer, vocabulary, "\xC3\xA4"), ElementsAre("\u2581", "<0xC3>", "<0xA4>"));
  EXPECT_THAT(texts(*tokenizer, vocabulary, "\xFF"), ElementsAre("\u2581", "<0xFF>"));
  EXPECT_THAT(texts(*tokenizer, vocabulary, "xyz"), ElementsAre("\u2581", "x", "<0x79>", "<0x7A>"));
  // "ö" is no token, but "oö" is.
  EXPECT_THAT(texts(*tokenizer, vocabulary, "o\xC3\xB6\xC3\xB6"),
              ElementsAre("\u2581", "o\xC3\xB6", "<0xC3>", "<0xB6>"));
}

TEST(SentencePieceBpe, without_byte_tokens_unknown_stands_for_a_character) {
  Vocabulary vocabulary = small_sentencepiece();
  vocabulary.tokens = with_text(vocabulary.tokens, 3 + 0xC3, "[cut]");
  vocabulary.kinds[3 + 0xC3] = TokenKind::kUnused;
  EXPECT_THAT(texts(*make(vocabulary), vocabulary, "\xC3\xA4"), ElementsAre("\u2581", "<unk>"));
}

TEST(SentencePieceBpe, the_space_in_front_can_be_turned_off) {
  Vocabulary vocabulary = small_sentencepiece();
  vocabulary.adds_space_prefix = false;
  const auto tokenizer = make(vocabulary);
  EXPECT_THAT(texts(*tokenizer, vocabulary, "hello"), ElementsAre("hello"));
  EXPECT_EQ(tokenizer->decode(tokenizer->encode(" hello", {}).value(), false), " hello");
}

TEST(SentencePieceBpe, text_behind_a_special_token_has_a_space_in_front_too) {
  const Vocabulary vocabulary = small_sentencepiece();
  const auto tokenizer = make(vocabulary);
  const EncodeOptions parsing = {.adds_special = true, .parses_special = true};
  EXPECT_THAT(texts(*tokenizer, vocabulary, "a</s>a", parsing),
              ElementsAre("<s>", "\u2581", "a", "</s>", "\u2581", "a"));
  EXPECT_THAT(texts(*tokenizer, vocabulary, "<tool>a"), ElementsAre("<tool>", "\u2581", "a"));
}

TEST(SentencePieceBpe, control_and_byte_tokens_are_never_made_by_merging) {
  Vocabulary vocabulary = small_sentencepiece();
  for (const char* piece : {"<", "s", ">", "<s", "0", "x", "4", "1", "<0", "<0x", "<0x4", "<0x41"}) {
    vocabulary.tokens.push_back(piece);
    vocabulary.scores.push_back(0);
    vocabulary.kinds.push_back(TokenKind::kNormal);
  }
  const auto tokenizer = make(vocabulary);
  EXPECT_THAT(texts(*tokenizer, vocabulary, "<s>"), ElementsAre("\u2581", "<s", ">"));
  EXPECT_THAT(texts(*tokenizer, vocabulary, "<0x41>"), ElementsAre("\u2581", "<0x41", ">"));
}

// Merges across words are possible here, so that words may not be encoded one by one.
TEST(SentencePieceBpe, a_token_may_span_words) {
  Vocabulary vocabulary = small_sentencepiece();
  for (const char* piece : {"o\u2581", "o\u2581t"}) {
    vocabulary.tokens.push_back(piece);
    vocabulary.scores.push_back(1);
    vocabulary.kinds.push_back(TokenKind::kNormal);
  }
  EXPECT_THAT(texts(*make(vocabulary), vocabulary, "o t"), ElementsAre("\u2581", "o\u2581t"));
}

TEST(WordPiece, cuts_words_into_the_longest_pieces) {
  const Vocabulary vocabulary = small_word_piece();
  const auto tokenizer = make(vocabulary);
  EXPECT_THAT(texts(*tokenizer, vocabulary, "Hello, unwanted!"),
              ElementsAre("\u2581hello", "\u2581,", "\u2581un", "want", "ed", "\u2581!"));
  EXPECT_THAT(texts(*tokenizer, vocabulary, "unaffable wanteds"),
              ElementsAre("\u2581un", "aff", "able", "\u2581wanted", "s"));
  EXPECT_EQ(tokenizer->decode(tokenizer->encode("Hello unwanted", {}).value(), false), "hello unwanted");
}

TEST(WordPiece, a_word_that_cannot_be_cut_is_unknown_as_a_whole) {
  Vocabulary vocabulary = small_word_piece();
  EXPECT_THAT(texts(*make(vocabulary), vocabulary, "unxed a"), ElementsAre("[UNK]", "\u2581a"));
  vocabulary.tokens = with_text(vocabulary.tokens, 1, "[no such]");
  EXPECT_THAT(texts(*make(vocabulary), vocabulary, "unxed a"), ElementsAre("\u2581a"));
}

TEST(WordPiece, puts_a_classifier_in_front_and_a_separator_behind) {
  Vocabulary vocabulary = small_word_piece();
  EXPECT_THAT(texts(*make(vocabulary), vocabulary, "a", {}), ElementsAre("[CLS]", "\u2581a", "[SEP]"));
  vocabulary.classifier = 4;
  vocabulary.separator = 5;
  EXPECT_THAT(texts(*make(vocabulary), vocabulary, "a", {}), ElementsAre("\u2581un", "\u2581a", "\u2581want"));
}

TEST(WordPiece, drops_controls_and_accents_and_splits_ideographs_and_symbols) {
  Vocabulary vocabulary = small_word_piece();
  EXPECT_THAT(texts(*make(vocabulary), vocabulary, "\u4E2D\u6587 CAF\u00C9$\u200Ba\x01s\xFF"),
              ElementsAre("\u2581\u4E2D", "\u2581\u6587", "\u2581cafe", "\u2581$", "\u2581a", "s"));
  vocabulary.lowers_case = false;
  EXPECT_THAT(texts(*make(vocabulary), vocabulary, "Hello caf\u00E9"), ElementsAre("[UNK]", "[UNK]"));
  vocabulary.strips_accents = true;
  EXPECT_THAT(texts(*make(vocabulary), vocabulary, "Hello caf\u00E9"), ElementsAre("[UNK]", "\u2581cafe"));
}

TEST(Unigram, takes_the_best_cut_and_ends_the_text) {
  const Vocabulary vocabulary = small_unigram();
  const auto tokenizer = make(vocabulary);
  EXPECT_FALSE(tokenizer->adds_bos());
  EXPECT_THAT(texts(*tokenizer, vocabulary, "hello  he", {}), ElementsAre("\u2581hello", "\u2581he", "</s>"));
  EXPECT_THAT(texts(*tokenizer, vocabulary, "ahello"), ElementsAre("\u2581", "a", "h", "e", "llo"));
  EXPECT_EQ(tokenizer->decode(tokenizer->encode(" hello  he ", {}).value(), false), "hello he");
}

TEST(Unigram, neighbouring_unknown_characters_are_one_token_and_bytes_where_there_are_byte_tokens) {
  Vocabulary vocabulary = small_unigram();
  EXPECT_THAT(texts(*make(vocabulary), vocabulary, "axya"), ElementsAre("\u2581", "a", "<unk>", "a"));
  for (const char* byte : {"<0x78>", "<0x79>"}) {
    vocabulary.tokens.push_back(byte);
    vocabulary.scores.push_back(0);
    vocabulary.kinds.push_back(TokenKind::kByte);
  }
  const auto tokenizer = make(vocabulary);
  EXPECT_THAT(texts(*tokenizer, vocabulary, "axya"), ElementsAre("\u2581", "a", "<0x78>", "<0x79>", "a"));
  EXPECT_THAT(texts(*tokenizer, vocabulary, "aza"), ElementsAre("\u2581", "a", "<unk>", "a"));
  EXPECT_EQ(tokenizer->decode(tokenizer->encode("axya", {}).value(), false), "axya");
}

TEST(Unigram, the_charsmap_is_applied_before) {
  Vocabulary vocabulary = small_unigram();
  vocabulary.charsmap = charsmap_bytes({{"H", "h"}, {"\n", " "}});
  EXPECT_THAT(texts(*make(vocabulary), vocabulary, "Hello\nhe"), ElementsAre("\u2581hello", "\u2581he"));
  vocabulary.charsmap.pop_back();
  EXPECT_THAT(make_error_of(vocabulary), HasSubstr("charsmap: replacements"));
}

TEST(Unigram, spaces_are_kept_where_the_file_says_so) {
  Vocabulary vocabulary = small_unigram();
  vocabulary.removes_extra_spaces = false;
  vocabulary.adds_space_prefix = false;
  vocabulary.adds_eos = false;
  const auto tokenizer = make(vocabulary);
  EXPECT_THAT(texts(*tokenizer, vocabulary, "a  a", {}), ElementsAre("a", "\u2581", "\u2581", "a"));
  EXPECT_EQ(tokenizer->decode(tokenizer->encode(" a  a ", {}).value(), false), " a  a ");
}

TEST(Tokenizer, further_end_tokens_end_a_generation) {
  Vocabulary vocabulary = small_unigram();
  vocabulary.end_tokens = {7, -1, 1 << 30};
  const auto tokenizer = make(vocabulary);
  EXPECT_TRUE(tokenizer->ends_generation(7));
  EXPECT_TRUE(tokenizer->ends_generation(1));
  EXPECT_FALSE(tokenizer->ends_generation(8));
}

TEST(Tokenizer, long_runs_are_encoded_and_decoded) {
  const std::string text(1 << 20, 'a');
  for (const auto& tokenizer : {make(small_byte_level()), make(small_sentencepiece())}) {
    const auto tokens = tokenizer->encode(text, {.adds_special = false}).value();
    EXPECT_LE(tokens.size(), text.size() / 4 + 1);
    EXPECT_EQ(tokenizer->decode(tokens, false), text);
  }
}

TEST(Tokenizer, valid_text_survives_encoding_and_decoding) {
  std::mt19937 random(11);
  const std::vector<std::string> parts = {
      " ",      "  ",   "hello",   "the",  "a",  "\n", "\xC3\xB6",         "\xE4\xB8\xAD",
      "<tool>", "</s>", "\u2581x", "1234", "'s", "\t", "\xF0\x9F\x98\x80", "<|im_end|>"};
  for (const auto& tokenizer :
       {make(small_byte_level()), make(small_byte_level("llama-bpe")), make(small_byte_level("default"))}) {
    for (int round = 0; round < 300; ++round) {
      std::string text;
      for (auto i = random() % 12; i > 0; --i) text += parts[random() % parts.size()];
      const auto tokens = tokenizer->encode(text, {.adds_special = false}).value();
      ASSERT_EQ(tokenizer->decode(tokens, false), text);
    }
  }
}

TEST(MakeTokenizer, refuses_broken_vocabularies) {
  Vocabulary vocabulary = small_byte_level();
  vocabulary.model = "rwkv";
  EXPECT_EQ(make_error_of(vocabulary), "vocabulary: tokenizer model: want one of gpt2, llama, bert, t5, got \"rwkv\"");
  EXPECT_EQ(make_tokenizer(vocabulary).error().code, ErrorCode::kInvalidArgument);
  vocabulary = small_byte_level("no-such");
  EXPECT_THAT(make_error_of(vocabulary), HasSubstr("pre-tokenizer: want one of default, gpt-2, "));
  EXPECT_THAT(make_error_of(vocabulary), HasSubstr("got \"no-such\""));
  vocabulary = small_byte_level();
  vocabulary.tokens.clear();
  EXPECT_THAT(make_error_of(vocabulary), HasSubstr("tokens: want 1 to"));
  vocabulary = small_byte_level();
  vocabulary.kinds.pop_back();
  EXPECT_THAT(make_error_of(vocabulary), HasSubstr("token types: want 273, one per token, got 272"));
  for (const char* merge : {"", "h", "he", " h", "h ", " "}) {
    vocabulary = small_byte_level();
    vocabulary.merges = with_text(vocabulary.merges, 2, merge);
    EXPECT_THAT(make_error_of(vocabulary), HasSubstr("merge 2: want two tokens and a space between them")) << merge;
  }
  for (const char* merge : {"nope h", "h nope", "h h"}) {
    vocabulary = small_byte_level();
    vocabulary.merges = with_text(vocabulary.merges, 2, merge);
    EXPECT_THAT(make_error_of(vocabulary), HasSubstr("merge 2: want parts and result among the tokens")) << merge;
  }
  for (const TokenId token : {TokenId{-2}, TokenId{273}, TokenId{1 << 30}}) {
    vocabulary = small_byte_level();
    vocabulary.eos = token;
    EXPECT_THAT(make_error_of(vocabulary), HasSubstr("eos token: want an id below 273")) << token;
  }
  vocabulary = small_byte_level();
  vocabulary.kinds[0] = TokenKind::kControl;
  vocabulary.tokens = with_text(vocabulary.tokens, 0, std::string(600, '<'));
  EXPECT_THAT(make_error_of(vocabulary), HasSubstr("special token 0: want at most 512 bytes, got 600"));

  vocabulary = small_sentencepiece();
  vocabulary.scores.pop_back();
  EXPECT_THAT(make_error_of(vocabulary), HasSubstr("scores: want 281, one per token, got 280"));
  vocabulary = small_sentencepiece();
  vocabulary.scores.clear();
  EXPECT_THAT(make_error_of(vocabulary), HasSubstr("scores: want 281, one per token, got 0"));
  vocabulary = small_unigram();
  vocabulary.scores.clear();
  EXPECT_THAT(make_error_of(vocabulary), HasSubstr("scores: want 13, one per token, got 0"));
  vocabulary = small_word_piece();
  vocabulary.separator = 100;
  EXPECT_THAT(make_error_of(vocabulary), HasSubstr("eos token: want an id below 21, got 100"));
  vocabulary = small_sentencepiece();
  vocabulary.scores[7] = std::nanf("");
  EXPECT_THAT(make_error_of(vocabulary), HasSubstr("score of token 7: want a number, got NaN"));
  vocabulary = small_sentencepiece();
  vocabulary.tokens = with_text(vocabulary.tokens, 5, "<0xGG>");
  EXPECT_THAT(make_error_of(vocabulary), HasSubstr("byte token 5: want <0x00> to <0xFF>"));
}

TEST(MakeTokenizer, minus_one_means_no_such_token) {
  Vocabulary vocabulary = small_sentencepiece();
  vocabulary.padding = -1;
  vocabulary.bos = -1;
  const auto tokenizer = make(vocabulary);
  EXPECT_FALSE(tokenizer->bos().has_value());
  EXPECT_FALSE(tokenizer->adds_bos());
}

TEST(MakeTokenizer, the_lower_of_two_equal_tokens_is_meant) {
  Vocabulary vocabulary = small_byte_level();
  vocabulary.tokens.push_back("hello");
  vocabulary.kinds.push_back(TokenKind::kNormal);
  const auto tokenizer = make(vocabulary);
  EXPECT_LT(*tokenizer->find("hello"), static_cast<TokenId>(tokenizer->size() - 1));
  EXPECT_EQ(tokenizer->piece(static_cast<TokenId>(tokenizer->size() - 1), false), "hello");
  EXPECT_FALSE(tokenizer->find("").has_value());
}

TEST(MakeTokenizer, a_vocabulary_without_kinds_is_all_ordinary) {
  Vocabulary vocabulary = small_sentencepiece();
  vocabulary.kinds.clear();
  const auto tokenizer = make(vocabulary);
  EXPECT_EQ(tokenizer->piece(3 + 0x41, false), "A");
  EXPECT_EQ(tokenizer->piece(2, false), "</s>");
}

}  // namespace
}  // namespace sixfold::tokenizer
