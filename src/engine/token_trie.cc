// Texts are kept in one string, and put in order once.
#include "engine/token_trie.h"

#include <algorithm>
#include <utility>

namespace sixfold::engine {
namespace {

// Longer tokens are never allowed by a grammar; published vocabularies have none.
constexpr std::size_t kTokenBytesMax = 4096;

}  // namespace

TokenTrie::TokenTrie(const tokenizer::Tokenizer& tokenizer) : offsets_{0} {
  std::vector<TokenId> visible;
  std::vector<TokenId> special;
  for (std::size_t index = 0; index < tokenizer.size(); ++index) {
    const auto token = static_cast<TokenId>(index);
    std::string text = tokenizer.piece(token, false);
    const bool is_end = tokenizer.ends_generation(token);
    const bool is_hidden = text.empty() || is_end;
    if (is_end) end_tokens_.push_back(token);
    if (is_hidden) text = tokenizer.piece(token, true);
    if (!text.empty() && text.size() <= kTokenBytesMax && !is_end) (is_hidden ? special : visible).push_back(token);
    is_special_.push_back(is_hidden);
    bytes_ += text;
    offsets_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  }
  tree_ = build(std::move(visible));
  special_tree_ = build(std::move(special));
  plain_tokens_ = std::make_unique<const AlikeTokens>(*this, grammar::plain_characters());
}

TokenTree TokenTrie::build(std::vector<TokenId> tokens) {
  std::stable_sort(tokens.begin(), tokens.end(), [&](TokenId a, TokenId b) { return text(a) < text(b); });
  std::vector<TokenId> different;
  for (const TokenId token : tokens) {
    if (!different.empty() && text(different.back()) == text(token)) {
      twins_.push_back({different.back(), token});
    } else {
      different.push_back(token);
    }
  }
  return TokenTree(std::move(different), [&](TokenId token) { return text(token); });
}

}  // namespace sixfold::engine
