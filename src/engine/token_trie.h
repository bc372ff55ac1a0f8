// The vocabulary as grammars read it: the texts of its tokens, and trees of them.
#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/alike_tokens.h"
#include "engine/token_tree.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::engine {

// Immutable, thread-safe.
class TokenTrie {
 public:
  // Two tokens with one text.
  struct Twin {
    TokenId first = 0;  // the one in the tree, the lowest
    TokenId other = 0;
  };

  // Cost: a call of piece() for each token, and sorting them.
  explicit TokenTrie(const tokenizer::Tokenizer& tokenizer);

  std::size_t vocabulary() const { return offsets_.size() - 1; }

  // Tokens with a text that readers see: all but control tokens and those that end a generation.
  const TokenTree& tree() const { return tree_; }
  // The others that have a name.
  const TokenTree& special_tree() const { return special_tree_; }
  std::span<const Twin> twins() const { return twins_; }
  std::size_t depth_max() const { return std::max(tree_.depth_max(), special_tree_.depth_max()); }

  // Of the characters that strings of JSON take alike.
  const AlikeTokens& plain_tokens() const { return *plain_tokens_; }

  std::span<const TokenId> end_tokens() const { return end_tokens_; }

  // A token's bytes; of a control token, its name.
  std::string_view text(TokenId token) const {
    const auto index = static_cast<std::size_t>(token);
    return std::string_view(bytes_).substr(offsets_[index], offsets_[index + 1] - offsets_[index]);
  }
  bool is_special(TokenId token) const { return is_special_[static_cast<std::size_t>(token)]; }

 private:
  TokenTree build(std::vector<TokenId> tokens);

  std::string bytes_;
  std::vector<std::uint32_t> offsets_;  // [vocabulary + 1], into bytes_
  std::vector<bool> is_special_;        // [vocabulary]
  TokenTree tree_;
  TokenTree special_tree_;
  std::vector<Twin> twins_;
  std::vector<TokenId> end_tokens_;
  std::unique_ptr<const AlikeTokens> plain_tokens_;
};

}  // namespace sixfold::engine
