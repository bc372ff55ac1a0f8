// Viterbi's algorithm from left to right, over the places where a character begins.
#include "tokenizer/unigram.h"

#include <algorithm>
#include <utility>

#include "core/utf8.h"

namespace sixfold::tokenizer {
namespace {

// The best way to cut the text before some place.
struct Best {
  double score = 0;
  std::uint32_t begin = 0;  // of its last piece
  std::int32_t piece = -1;  // -1: an unknown character
  bool is_reachable = false;
};

}  // namespace

Unigram::Unigram(const std::vector<Piece>& pieces, double unknown_score) : unknown_score_(unknown_score) {
  std::vector<PrefixTrie::Entry> entries;
  entries.reserve(pieces.size());
  for (const Piece& piece : pieces) {
    entries.push_back({piece.text, static_cast<TokenId>(entries.size())});
    token_.push_back(piece.token);
    score_.push_back(piece.score);
  }
  trie_ = PrefixTrie(std::move(entries));
}

void Unigram::encode(std::string_view text, std::vector<Found>& found) const {
  std::vector<Best> best(text.size() + 1);
  best[0].is_reachable = true;
  const auto offer = [&](std::size_t begin, std::size_t end, std::int32_t piece, double score) {
    Best& now = best[end];
    const double sum = best[begin].score + score;
    if (!now.is_reachable || sum > now.score) now = {sum, static_cast<std::uint32_t>(begin), piece, true};
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t character_bytes = read_utf8(text.substr(at)).bytes;
    // Pieces that end inside a character, which a broken vocabulary may have, leave places that no step begins at.
    if (best[at].is_reachable) {
      bool has_character = false;
      trie_.for_each_prefix(text.substr(at), [&](const PrefixTrie::Match& match) {
        has_character = has_character || match.bytes == character_bytes;
        offer(at, at + match.bytes, match.token, score_[static_cast<std::size_t>(match.token)]);
      });
      if (!has_character) offer(at, at + character_bytes, -1, unknown_score_);
    }
    at += character_bytes;
  }

  const auto first = static_cast<std::ptrdiff_t>(found.size());
  for (std::size_t end = text.size(); end > 0;) {
    const Best& last = best[end];
    const std::string_view piece = text.substr(last.begin, end - last.begin);
    const TokenId token = last.piece < 0 ? kUnknown : token_[static_cast<std::size_t>(last.piece)];
    const bool joins =
        token == kUnknown && static_cast<std::ptrdiff_t>(found.size()) > first && found.back().token == kUnknown;
    if (joins) {
      found.back().text = text.substr(last.begin, piece.size() + found.back().text.size());
    } else {
      found.push_back({piece, token});
    }
    end = last.begin;
  }
  std::reverse(found.begin() + first, found.end());
}

}  // namespace sixfold::tokenizer
