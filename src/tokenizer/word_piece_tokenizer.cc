// BERT's tokenizer ("bert" in model files).  GGUF writes pieces as SentencePiece does: those that begin a word have a
// space mark in front, those that follow have none.
#include <utility>

#include "tokenizer/base_tokenizer.h"
#include "tokenizer/bert_text.h"
#include "tokenizer/sentencepiece_text.h"
#include "tokenizer/word_piece.h"

namespace sixfold::tokenizer {
namespace {

WordPiece make_model(const TokenTable& table) {
  WordPiece::Pieces pieces;
  pieces.unknown = table.vocabulary().unknown;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto token = static_cast<TokenId>(i);
    if (table.is_hidden(token)) continue;
    std::string_view text = table.text(token);
    const bool begins_word = text.starts_with(kSpaceMark);
    if (begins_word) text.remove_prefix(kSpaceMark.size());
    (begins_word ? pieces.first : pieces.later).push_back({text, token});
  }
  return WordPiece(std::move(pieces));
}

class WordPieceTokenizer final : public BaseTokenizer {
 public:
  WordPieceTokenizer(TokenTable tokens, SpecialTokens special)
      : BaseTokenizer(std::move(tokens), std::move(special),
                      {.adds_bos = true, .adds_eos = true, .adds_space_prefix = true}),
        model_(make_model(table())) {
    cleaning_.lowers_case = table().vocabulary().lowers_case.value_or(true);
    cleaning_.strips_accents = table().vocabulary().strips_accents.value_or(cleaning_.lowers_case);
  }

 private:
  Status encode_plain(std::string_view text, bool /*follows_special*/, std::vector<TokenId>& tokens) const override {
    const std::string clean = clean_for_bert(replace_broken_utf8(text), cleaning_);
    for_each_bert_word(clean, [&](std::string_view word) { model_.encode(word, tokens); });
    return ok();
  }

  std::string plain_piece(TokenId token) const override { return with_spaces(table().text(token)); }

  const WordPiece model_;
  BertCleaning cleaning_;
};

}  // namespace

Result<std::unique_ptr<Tokenizer>> make_word_piece(TokenTable table) {
  SIXFOLD_TRY(SpecialTokens special, SpecialTokens::make(table));
  return std::unique_ptr<Tokenizer>(std::make_unique<WordPieceTokenizer>(std::move(table), std::move(special)));
}

}  // namespace sixfold::tokenizer
