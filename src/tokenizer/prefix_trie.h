// Finds which entries of a vocabulary a text begins with.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tokenizer/vocabulary.h"

namespace sixfold::tokenizer {

// A tree over bytes.  Immutable, thread-safe.
class PrefixTrie {
 public:
  struct Entry {
    std::string_view text;  // needed only while the tree is built
    TokenId token = 0;
  };
  struct Match {
    TokenId token = 0;
    std::size_t bytes = 0;
  };

  PrefixTrie() : PrefixTrie(std::vector<Entry>()) {}

  // Of entries with one text the first counts; empty texts are left out.
  explicit PrefixTrie(std::vector<Entry> entries);

  std::optional<Match> longest(std::string_view text) const;

  // Calls visit(Match) for each entry that text begins with, the shortest first.
  template <class Visit>
  void for_each_prefix(std::string_view text, Visit&& visit) const {
    std::uint32_t node = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      node = child(node, static_cast<unsigned char>(text[i]));
      if (node == kNone) return;
      if (tokens_[node] != kNoToken) visit(Match{tokens_[node], i + 1});
    }
  }

 private:
  static constexpr TokenId kNoToken = -1;
  static constexpr std::uint32_t kNone = 0;  // the root is nobody's child

  std::uint32_t child(std::uint32_t node, unsigned char byte) const;

  // The children of a node lie next to each other, in the order of their bytes; so do nodes of one depth.
  std::vector<std::uint32_t> first_child_;  // [nodes + 1]: those of node n are [first_child_[n], first_child_[n + 1])
  std::vector<unsigned char> byte_;         // [nodes]: by which one comes here from the parent
  std::vector<TokenId> tokens_;             // [nodes]
  std::array<std::uint32_t, 256> children_of_root_{};
};

}  // namespace sixfold::tokenizer
