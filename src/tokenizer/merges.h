// Byte-pair merging: the loop that both kinds of BPE share.  Source: Sennrich et al., arXiv:1508.07909, section 3.2.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tokenizer/vocabulary.h"

namespace sixfold::tokenizer {

// A piece of text on its way to becoming a token.
struct Symbol {
  TokenId id = 0;           // negative: merges with nothing
  std::uint32_t begin = 0;  // where its text begins, for callers that need it
};

// Which pairs of symbols merge, into what and how soon.  Immutable once filled; then thread-safe.
class MergeTable {
 public:
  struct Merge {
    std::uint32_t rank = 0;  // lower merges first
    TokenId result = 0;
  };

  // Room for so many pairs; call before add.
  explicit MergeTable(std::size_t pairs);

  // Says that the pair will be added soon, so that its place in memory can be on its way.
  void expect(TokenId left, TokenId right) const;

  // The first of two merges of one pair stays.
  void add(TokenId left, TokenId right, Merge merge);

  // Null when the pair does not merge.
  const Merge* find(TokenId left, TokenId right) const;

 private:
  struct Slot {
    std::uint64_t pair = kEmpty;
    Merge merge;
  };
  static constexpr std::uint64_t kEmpty = ~std::uint64_t{0};  // a pair of negative ids, which never merges

  std::size_t first_slot_of(std::uint64_t pair) const;
  std::size_t slot_of(std::uint64_t pair) const;

  std::vector<Slot> slots_;  // open addressing, a power of two of them, at most three quarters full
  unsigned shift_ = 0;
};

// Memory that is reused from one call of merge_symbols to the next.
class MergeScratch {
 public:
  // Merges in place, best rank first and leftmost among equals, until no pair merges.
  // Cost: O(n log n) for n symbols.
  void merge(const MergeTable& table, std::vector<Symbol>& symbols);

 private:
  struct Node {
    Symbol symbol;
    std::uint32_t previous = 0, next = 0;
  };
  struct Candidate {
    std::uint32_t rank = 0, left = 0;
    TokenId left_id = 0, right_id = 0;
  };

  void merge_few(const MergeTable& table, std::vector<Symbol>& symbols);
  void merge_many(const MergeTable& table, std::vector<Symbol>& symbols);
  void push_candidate(const MergeTable& table, std::uint32_t left);

  std::vector<std::uint32_t> ranks_;
  std::vector<Node> nodes_;
  std::vector<Candidate> heap_;
};

}  // namespace sixfold::tokenizer
