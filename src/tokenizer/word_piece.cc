// Greedy, with one tree for beginnings of words and one for the rest.
#include "tokenizer/word_piece.h"

#include <algorithm>
#include <utility>

namespace sixfold::tokenizer {
namespace {

std::size_t count_characters(std::string_view text) {
  const auto is_first_byte = [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; };
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_first_byte));
}

}  // namespace

WordPiece::WordPiece(Pieces pieces)
    : first_(std::move(pieces.first)),
      later_(std::move(pieces.later)),
      unknown_(pieces.unknown),
      characters_max_(pieces.characters_max) {}

void WordPiece::encode(std::string_view word, std::vector<TokenId>& tokens) const {
  const std::size_t before = tokens.size();
  if (count_characters(word) <= characters_max_ && try_encode(word, tokens)) return;
  tokens.resize(before);
  if (unknown_.has_value()) tokens.push_back(*unknown_);
}

bool WordPiece::try_encode(std::string_view word, std::vector<TokenId>& tokens) const {
  const PrefixTrie* trie = &first_;
  while (!word.empty()) {
    const auto match = trie->longest(word);
    if (!match.has_value()) return false;
    tokens.push_back(match->token);
    word.remove_prefix(match->bytes);
    trie = &later_;
  }
  return true;
}

}  // namespace sixfold::tokenizer
