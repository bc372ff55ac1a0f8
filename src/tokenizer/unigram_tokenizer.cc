// SentencePiece's Unigram vocabularies, the tokenizers of T5, XLM-R and others ("t5" in model files).
#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "core/error.h"
#include "tokenizer/base_tokenizer.h"
#include "tokenizer/sentencepiece_text.h"
#include "tokenizer/unigram.h"

namespace sixfold::tokenizer {
namespace {

constexpr TokenId kNoToken = -1;

// How much worse than the worst piece an unknown character is.  Source: github.com/google/sentencepiece,
// src/unigram_model.cc, kUnkPenalty.
constexpr double kUnknownPenalty = 10.0;

Unigram make_model(const TokenTable& table) {
  std::vector<Unigram::Piece> pieces;
  double score_min = std::numeric_limits<double>::max();
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto token = static_cast<TokenId>(i);
    const TokenKind kind = table.kind(token);
    const double score = table.vocabulary().scores[i];
    if (kind == TokenKind::kNormal) score_min = std::min(score_min, score);
    if (kind == TokenKind::kNormal || kind == TokenKind::kUnused) pieces.push_back({table.text(token), token, score});
    // Better than any cut of the same text.
    if (kind == TokenKind::kUserDefined) pieces.push_back({table.text(token), token, 0});
  }
  return {pieces, score_min - kUnknownPenalty};
}

// True when no piece has a space mark behind another character: then words can be cut one by one.
bool stays_in_words(const TokenTable& table) {
  for (std::string_view rest : table.vocabulary().tokens) {
    while (rest.starts_with(kSpaceMark)) rest.remove_prefix(kSpaceMark.size());
    if (rest.find(kSpaceMark) != std::string_view::npos) return false;
  }
  return true;
}

class UnigramTokenizer final : public BaseTokenizer {
 public:
  UnigramTokenizer(TokenTable tokens, SpecialTokens special, SentencePieceText text)
      : BaseTokenizer(std::move(tokens), std::move(special), {.adds_eos = true, .adds_space_prefix = true}),
        text_(std::move(text)),
        model_(make_model(table())),
        stays_in_words_(stays_in_words(table())) {
    for (unsigned byte = 0; byte < byte_tokens_.size(); ++byte) {
      const auto token = table().find(byte_token_text(static_cast<unsigned char>(byte)));
      const bool is_byte = token.has_value() && table().kind(*token) == TokenKind::kByte;
      byte_tokens_[byte] = is_byte ? *token : kNoToken;
    }
  }

 private:
  Status encode_plain(std::string_view text, bool follows_special, std::vector<TokenId>& tokens) const override {
    const std::string normalized = text_.normalized(text, follows_special && adds_space_prefix());
    std::string_view rest = normalized;
    std::vector<Unigram::Found> found;
    while (!rest.empty()) {
      const std::string_view word = rest.substr(0, stays_in_words_ ? word_bytes(rest) : rest.size());
      found.clear();
      model_.encode(word, found);
      for (const Unigram::Found& piece : found) push(piece, tokens);
      rest.remove_prefix(word.size());
    }
    return ok();
  }

  // Marks, and what follows them up to the next mark.
  static std::size_t word_bytes(std::string_view text) {
    std::size_t at = 0;
    while (text.substr(at).starts_with(kSpaceMark)) at += kSpaceMark.size();
    return std::min(text.find(kSpaceMark, at), text.size());
  }

  void push(const Unigram::Found& piece, std::vector<TokenId>& tokens) const {
    if (piece.token != Unigram::kUnknown) {
      tokens.push_back(piece.token);
      return;
    }
    const auto lacks = [&](char byte) { return byte_tokens_[static_cast<unsigned char>(byte)] == kNoToken; };
    if (std::none_of(piece.text.begin(), piece.text.end(), lacks)) {
      for (const char byte : piece.text) tokens.push_back(byte_tokens_[static_cast<unsigned char>(byte)]);
    } else if (table().vocabulary().unknown.has_value()) {
      tokens.push_back(*table().vocabulary().unknown);
    }
  }

  std::string plain_piece(TokenId token) const override {
    const std::string_view text = table().text(token);
    const auto byte = byte_of_token_text(text);
    if (table().kind(token) == TokenKind::kByte && byte.has_value()) return std::string(1, static_cast<char>(*byte));
    return with_spaces(text);
  }

  const SentencePieceText text_;
  const Unigram model_;
  const bool stays_in_words_;
  std::array<TokenId, 256> byte_tokens_;  // kNoToken: none
};

}  // namespace

Result<std::unique_ptr<Tokenizer>> make_unigram(TokenTable table) {
  const Vocabulary& vocabulary = table.vocabulary();
  if (vocabulary.scores.size() != table.size()) {
    return corrupt_data("vocabulary: scores: want {}, one per token, got {}", table.size(), vocabulary.scores.size());
  }
  SIXFOLD_TRY(Charsmap charsmap, Charsmap::make(vocabulary.charsmap));
  // T5 and XLM-R both take extra spaces away, and older converters did not write the flag.
  SentencePieceText text = {std::move(charsmap), vocabulary.removes_extra_spaces.value_or(true)};
  SIXFOLD_TRY(SpecialTokens special, SpecialTokens::make(table));
  return std::unique_ptr<Tokenizer>(
      std::make_unique<UnigramTokenizer>(std::move(table), std::move(special), std::move(text)));
}

}  // namespace sixfold::tokenizer
