// WordPiece: a word is cut into the longest pieces that the vocabulary has, from left to right.
// Source: Devlin et al., arXiv:1810.04805; the algorithm: github.com/google-research/bert, tokenization.py.
#pragma once
#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "tokenizer/prefix_trie.h"

namespace sixfold::tokenizer {

// Immutable, thread-safe.
class WordPiece {
 public:
  struct Pieces {
    std::vector<PrefixTrie::Entry> first;  // those that begin a word
    std::vector<PrefixTrie::Entry> later;  // those that follow, without the mark that tells them ("##" in the files)
    std::optional<TokenId> unknown;
    std::size_t characters_max = std::numeric_limits<std::size_t>::max();  // a longer word is unknown as a whole
  };

  explicit WordPiece(Pieces pieces);

  // Appends the tokens of a word; a word that cannot be cut is one unknown token, or nothing without such a token.
  void encode(std::string_view word, std::vector<TokenId>& tokens) const;

 private:
  bool try_encode(std::string_view word, std::vector<TokenId>& tokens) const;

  const PrefixTrie first_;
  const PrefixTrie later_;
  const std::optional<TokenId> unknown_;
  const std::size_t characters_max_;
};

}  // namespace sixfold::tokenizer
