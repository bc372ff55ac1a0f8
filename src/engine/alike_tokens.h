// The tokens that consist of characters which a grammar takes alike: in a string of a schema, nearly all.  Where many
// characters may follow it does not matter which of them come, so no walk over the tree of tokens needs to look.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/grammar_limits.h"
#include "engine/token_tree.h"
#include "grammar/alike_set.h"

namespace sixfold::engine {

class TokenTrie;  // engine/token_trie.h

// Immutable, thread-safe.
class AlikeTokens {
 public:
  // Cost: reading the whole vocabulary, and making a tree of the others.
  AlikeTokens(const TokenTrie& trie, const grammar::AlikeSet& set);

  const grammar::AlikeSet& set() const { return set_; }
  // A bit for each token that is 1 to `length` characters of the set, at most grammar::Machine::kAlikeRunMax.
  std::span<const std::uint64_t> bits(std::size_t length) const { return bits_[length]; }
  // All others.
  const TokenTree& others() const { return others_; }

  static std::size_t bytes_max(const TokenTrie& trie);  // of any of them
  std::size_t bytes() const;

 private:
  const grammar::AlikeSet set_;
  std::vector<std::vector<std::uint64_t>> bits_;  // [length]
  TokenTree others_;
};

// Those that a rule uses.  One thread.
class AlikeShelf {
 public:
  explicit AlikeShelf(std::shared_ptr<const TokenTrie> trie) : trie_(std::move(trie)) {}

  // For a state that takes the characters of this set alike.  Null until walks for the set have taken as long as making
  // it does, and when others have taken the room of limits::kAlikeBytesMax: then the tree of all tokens does.
  const AlikeTokens* choose(const grammar::AlikeSet& set);
  // A walk over the tree of all tokens, from such a state, has visited so many nodes.
  void note_walk(const grammar::AlikeSet& set, std::size_t nodes);

 private:
  struct Wish {
    grammar::AlikeSet set;
    std::size_t nodes_walked = 0;
    std::unique_ptr<const AlikeTokens> tokens = nullptr;
  };
  Wish* find(const grammar::AlikeSet& set);

  const std::shared_ptr<const TokenTrie> trie_;
  std::vector<Wish> wishes_;  // the first limits::kAlikeSetsMax
  std::size_t bytes_ = 0;     // of their tokens
};

}  // namespace sixfold::engine
