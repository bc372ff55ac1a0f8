// A tokenizer that is a list of texts; encoding takes the longest that fits.
#pragma once
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace sixfold::engine::test {

class WordTokenizer final : public tokenizer::Tokenizer {
 public:
  using TokenId = tokenizer::TokenId;

  // control: tokens that are not shown; end: the one that ends an answer, not shown either.
  WordTokenizer(std::vector<std::string> words, std::set<TokenId> control, TokenId end)
      : words_(std::move(words)), control_(std::move(control)), end_(end) {}

  Result<std::vector<TokenId>> encode(std::string_view text, const tokenizer::EncodeOptions&) const override {
    std::vector<TokenId> tokens;
    while (!text.empty()) {
      TokenId best = -1;
      for (std::size_t token = 0; token < words_.size(); ++token) {
        const std::string own = piece(static_cast<TokenId>(token), false);
        if (own.empty() || !text.starts_with(own)) continue;
        if (best < 0 || own.size() > words_[static_cast<std::size_t>(best)].size()) best = static_cast<TokenId>(token);
      }
      if (best < 0) return Error{ErrorCode::kInvalidArgument, "no token fits"};
      tokens.push_back(best);
      text.remove_prefix(words_[static_cast<std::size_t>(best)].size());
    }
    return tokens;
  }
  std::string piece(TokenId token, bool shows_special) const override {
    if (token < 0 || static_cast<std::size_t>(token) >= words_.size()) return "";
    const bool is_hidden = token == end_ || control_.contains(token);
    return is_hidden && !shows_special ? "" : words_[static_cast<std::size_t>(token)];
  }
  std::string decode(std::span<const TokenId> tokens, bool shows_special) const override {
    std::string text;
    for (const TokenId token : tokens) text += piece(token, shows_special);
    return text;
  }
  std::size_t size() const override { return words_.size(); }
  std::optional<TokenId> bos() const override { return std::nullopt; }
  std::optional<TokenId> eos() const override { return end_; }
  bool adds_bos() const override { return false; }
  bool ends_generation(TokenId token) const override { return token == end_; }
  std::optional<TokenId> find(std::string_view) const override { return std::nullopt; }
  const std::string& chat_template() const override { return empty_; }

 private:
  const std::vector<std::string> words_;
  const std::set<TokenId> control_;
  const TokenId end_;
  const std::string empty_;
};

}  // namespace sixfold::engine::test
