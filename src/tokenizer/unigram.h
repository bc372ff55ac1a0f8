// SentencePiece's Unigram model: of all ways to cut a text into pieces, the one with the best sum of scores.
// Source: Kudo, arXiv:1804.10959; ties are broken as in github.com/google/sentencepiece, src/unigram_model.cc.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tokenizer/prefix_trie.h"

namespace sixfold::tokenizer {

// Immutable, thread-safe.
class Unigram {
 public:
  struct Piece {
    std::string_view text;
    TokenId token = 0;
    double score = 0;  // log probability
  };
  static constexpr TokenId kUnknown = -1;
  struct Found {
    std::string_view text;
    TokenId token = kUnknown;
  };

  // unknown_score: of a character that is no piece.  Scores are numbers, not NaN.
  Unigram(const std::vector<Piece>& pieces, double unknown_score);

  // Appends the pieces of text in order; neighbouring unknown characters are one.  Cost: O(bytes * longest piece).
  void encode(std::string_view text, std::vector<Found>& found) const;

 private:
  PrefixTrie trie_;             // token: index into pieces
  std::vector<TokenId> token_;  // [pieces]
  std::vector<double> score_;   // [pieces]
  double unknown_score_;
};

}  // namespace sixfold::tokenizer
