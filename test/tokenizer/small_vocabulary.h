// Small vocabularies of our own, one of each kind, for tests and fuzzers.
#pragma once
#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "tokenizer/byte_level.h"
#include "tokenizer/vocabulary.h"

namespace sixfold::tokenizer {

// `texts` with another one at `index`.
inline StringArray with_text(const StringArray& texts, std::size_t index, std::string_view text) {
  StringArray changed;
  for (std::size_t i = 0; i < texts.size(); ++i) changed.push_back(i == index ? text : texts[i]);
  return changed;
}

// Byte-level BPE: the 256 bytes, a few merges, then <|begin|> <|im_end|> (control) and <tool> (user-defined).
inline Vocabulary small_byte_level(std::string pretokenizer = "gpt-2") {
  Vocabulary vocabulary;
  vocabulary.model = "gpt2";
  vocabulary.pretokenizer = std::move(pretokenizer);
  for (int byte = 0; byte < 256; ++byte) {
    const char character = static_cast<char>(byte);
    std::string text;
    append_byte_level(text, {&character, 1});
    vocabulary.tokens.push_back(text);
  }
  // Best first; "\xC4\xA0" is U+0120, the letter for a space.
  const std::vector<std::pair<std::string, std::string>> merges = {
      {"h", "e"},
      {"l", "l"},
      {"\xC4\xA0", "t"},
      {"he", "ll"},
      {"a", "a"},
      {"aa", "a"},
      {"aa", "aa"},
      {"hell", "o"},
      {"\xC4\xA0t", "he"},
      {"1", "2"},
      {"12", "3"},
      {"\xC3\xA2", "\xC4\xA8"},  // E2 86: two bytes of an arrow
      {"\xC4\xA0", "\xC4\xA0"},
      {"\xC4\x8A", "\xC4\x8A"}};
  for (const auto& [left, right] : merges) {
    vocabulary.merges.push_back(left + " " + right);
    vocabulary.tokens.push_back(left + right);
  }
  for (const char* special : {"<|begin|>", "<|im_end|>", "<tool>"}) vocabulary.tokens.push_back(special);
  vocabulary.kinds.assign(vocabulary.tokens.size(), TokenKind::kNormal);
  const std::size_t size = vocabulary.tokens.size();
  vocabulary.kinds[size - 3] = vocabulary.kinds[size - 2] = TokenKind::kControl;
  vocabulary.kinds[size - 1] = TokenKind::kUserDefined;
  vocabulary.bos = static_cast<TokenId>(size - 3);
  vocabulary.eos = static_cast<TokenId>(size - 2);
  return vocabulary;
}

// SentencePiece BPE: <unk> <s> </s>, the 256 bytes, pieces, then <tool> (user-defined).
inline Vocabulary small_sentencepiece() {
  Vocabulary vocabulary;
  vocabulary.model = "llama";
  const auto add = [&](std::string_view text, float score, TokenKind kind) {
    vocabulary.tokens.push_back(text);
    vocabulary.scores.push_back(score);
    vocabulary.kinds.push_back(kind);
  };
  add("<unk>", 0, TokenKind::kUnknown);
  add("<s>", 0, TokenKind::kControl);
  add("</s>", 0, TokenKind::kControl);
  for (int byte = 0; byte < 256; ++byte) add(fmt::format("<0x{:02X}>", byte), 0, TokenKind::kByte);
  float score = 0;
  for (const char* piece : {"\xE2\x96\x81t", "he", "ll", "\xE2\x96\x81the", "hell", "aa", "aaaa",
                            "\xE2\x96\x81\xE2\x96\x81", "o\xC3\xB6", "hello", "\xE2\x96\x81hello", "xyz"}) {
    add(piece, score -= 1, TokenKind::kNormal);
  }
  // "ö" occurs only inside "oö", "y" and "z" only inside "xyz" and "yz" is missing, so that "xyz" is never made.
  for (const char* piece : {"\xE2\x96\x81", "t", "h", "e", "l", "o", "a", "x", "\xE4\xB8\xAD"}) {
    add(piece, score -= 1, TokenKind::kNormal);
  }
  add("<tool>", 0, TokenKind::kUserDefined);
  vocabulary.unknown = 0;
  vocabulary.bos = 1;
  vocabulary.eos = 2;
  return vocabulary;
}

// WordPiece as GGUF has it: special tokens, beginnings of words with a mark, and what follows them.
inline Vocabulary small_word_piece() {
  Vocabulary vocabulary;
  vocabulary.model = "bert";
  vocabulary.tokens = {"[PAD]",        "[UNK]",   "[CLS]",   "[SEP]",   "\u2581un", "\u2581want", "\u2581wanted",
                       "\u2581hello",  "\u2581,", "\u2581!", "\u2581$", "\u2581a",  "\u2581cafe", "\u2581\u4E2D",
                       "\u2581\u6587", "\u2581s", "want",    "ed",      "s",        "aff",        "able"};
  vocabulary.kinds.assign(vocabulary.tokens.size(), TokenKind::kNormal);
  for (std::size_t i = 0; i < 4; ++i) vocabulary.kinds[i] = TokenKind::kControl;
  return vocabulary;
}

// Unigram: <pad> </s> <unk>, pieces with log probabilities, then <tool> (user-defined).
inline Vocabulary small_unigram() {
  Vocabulary vocabulary;
  vocabulary.model = "t5";
  const auto add = [&](std::string_view text, float score, TokenKind kind) {
    vocabulary.tokens.push_back(text);
    vocabulary.scores.push_back(score);
    vocabulary.kinds.push_back(kind);
  };
  add("<pad>", 0, TokenKind::kControl);
  add("</s>", 0, TokenKind::kControl);
  add("<unk>", 0, TokenKind::kUnknown);
  add("\u2581", -3, TokenKind::kNormal);
  add("\u2581hello", -4, TokenKind::kNormal);
  add("\u2581he", -5, TokenKind::kNormal);
  add("llo", -5.5, TokenKind::kNormal);
  for (const char* piece : {"h", "e", "l", "o", "a"}) add(piece, -7, TokenKind::kNormal);
  add("<tool>", 0, TokenKind::kUserDefined);
  vocabulary.padding = 0;
  vocabulary.eos = 1;
  vocabulary.unknown = 2;
  return vocabulary;
}

}  // namespace sixfold::tokenizer
