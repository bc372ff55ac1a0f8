// What all kinds of tokenizer have in common: the token table, special tokens, BOS and EOS.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tokenizer/special_tokens.h"
#include "tokenizer/token_table.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::tokenizer {

// Immutable, thread-safe.
class BaseTokenizer : public Tokenizer {
 public:
  Result<std::vector<TokenId>> encode(std::string_view text, const EncodeOptions& options) const final;
  std::string piece(TokenId token, bool shows_special) const final;
  std::string decode(std::span<const TokenId> tokens, bool shows_special) const final;

  // [CLS] first [SEP] second [SEP], or <s> first </s> </s> second </s> where there is but one type.
  Result<PairForm> pair_form() const final;

  std::size_t size() const final { return table_.size(); }
  std::optional<TokenId> bos() const final { return table_.vocabulary().bos; }
  std::optional<TokenId> eos() const final { return table_.vocabulary().eos; }
  bool adds_bos() const final { return adds_bos_; }
  bool ends_generation(TokenId token) const final { return table_.ends_generation(token); }
  std::optional<TokenId> find(std::string_view token) const final { return table_.find(token); }
  const std::string& chat_template() const final { return table_.vocabulary().chat_template; }
  std::optional<InfillTokens> infill_tokens() const final { return infill_; }

 protected:
  // What a model kind does when the vocabulary does not say.
  struct Defaults {
    bool adds_bos = false;
    bool adds_eos = false;
    bool adds_space_prefix = false;  // false: the kind never does, whatever the vocabulary says
  };

  BaseTokenizer(TokenTable table, SpecialTokens special, Defaults defaults);

  const TokenTable& table() const { return table_; }
  bool adds_space_prefix() const { return adds_space_prefix_; }

 private:
  // Appends the tokens of plain text, which has no special tokens.  follows_special: the text stands at the very start
  // or behind a special token.
  virtual Status encode_plain(std::string_view text, bool follows_special, std::vector<TokenId>& tokens) const = 0;

  // The bytes of a token that is neither control nor user-defined.
  virtual std::string plain_piece(TokenId token) const = 0;

  TokenTable table_;
  SpecialTokens special_;  // views into table_
  bool adds_bos_ = false;  // true only when there is a BOS
  bool adds_eos_ = false;
  bool adds_space_prefix_ = false;
  std::optional<InfillTokens> infill_;
};

// The kinds.  Errors: as make_tokenizer.
Result<std::unique_ptr<Tokenizer>> make_byte_level_bpe(TokenTable table);
Result<std::unique_ptr<Tokenizer>> make_sentencepiece_bpe(TokenTable table);
Result<std::unique_ptr<Tokenizer>> make_unigram(TokenTable table);
Result<std::unique_ptr<Tokenizer>> make_word_piece(TokenTable table);

}  // namespace sixfold::tokenizer
