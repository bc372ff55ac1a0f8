// A vocabulary of 64: token 0 ends generation, 1 and 2 are the two bytes of "é", the others are one letter each.
#pragma once
#include <string>

#include "tokenizer/tokenizer.h"

namespace sixfold::engine::test {

using tokenizer::TokenId;

class LetterTokenizer final : public tokenizer::Tokenizer {
 public:
  Result<std::vector<TokenId>> encode(std::string_view text, const tokenizer::EncodeOptions&) const override {
    std::vector<TokenId> tokens;
    for (const char letter : text) tokens.push_back(token_of(letter));
    return tokens;
  }
  std::string piece(TokenId token, bool shows_special) const override {
    if (token == 0) return shows_special ? "<end>" : "";
    if (token == 1) return "\xC3";
    if (token == 2) return "\xA9";
    if (token < 0 || token >= 64) return "";
    return std::string(1, static_cast<char>('0' + token));  // 3 = '3', 17 = 'A', 49 = 'a'
  }
  std::string decode(std::span<const TokenId> tokens, bool shows_special) const override {
    std::string text;
    for (const TokenId token : tokens) text += piece(token, shows_special);
    return text;
  }
  std::size_t size() const override { return 64; }
  std::optional<TokenId> bos() const override { return std::nullopt; }
  std::optional<TokenId> eos() const override { return 0; }
  bool adds_bos() const override { return false; }
  bool ends_generation(TokenId token) const override { return token == 0; }
  std::optional<TokenId> find(std::string_view) const override { return std::nullopt; }
  const std::string& chat_template() const override { return empty_; }

  static TokenId token_of(char letter) { return static_cast<TokenId>(letter - '0'); }

 private:
  std::string empty_;
};

}  // namespace sixfold::engine::test
