// A scan for short words, which are nearly all of them, and a heap over a linked list for long ones.
#include "tokenizer/merges.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "core/check.h"

namespace sixfold::tokenizer {
namespace {

constexpr std::uint32_t kNoMerge = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

// Up to here the scan, O(n^2) without a heap's bookkeeping, is the faster of the two.
constexpr std::size_t kFewSymbols = 32;

std::uint64_t pair_of(TokenId left, TokenId right) {
  return (std::uint64_t{static_cast<std::uint32_t>(left)} << 32) | static_cast<std::uint32_t>(right);
}

std::uint32_t rank_of(const MergeTable& table, const Symbol& left, const Symbol& right) {
  const MergeTable::Merge* merge = table.find(left.id, right.id);
  return merge == nullptr ? kNoMerge : merge->rank;
}

}  // namespace

MergeTable::MergeTable(std::size_t pairs) : slots_(std::bit_ceil(std::max<std::size_t>(pairs, 8) * 4 / 3)) {
  shift_ = 64 - static_cast<unsigned>(std::countr_zero(slots_.size()));
}

// Multiplicative hashing; the constant is 2^64 divided by the golden ratio.  Source: Knuth, TAOCP 3, section 6.4.
std::size_t MergeTable::first_slot_of(std::uint64_t pair) const {
  return static_cast<std::size_t>((pair ^ (pair >> 29)) * 0x9E3779B97F4A7C15u >> shift_);
}

// Returns the slot that holds the pair, or the empty one where it belongs.
std::size_t MergeTable::slot_of(std::uint64_t pair) const {
  std::size_t slot = first_slot_of(pair);
  while (slots_[slot].pair != pair && slots_[slot].pair != kEmpty) slot = (slot + 1) & (slots_.size() - 1);
  return slot;
}

void MergeTable::expect(TokenId left, TokenId right) const {
  __builtin_prefetch(&slots_[first_slot_of(pair_of(left, right))], 1);
}

void MergeTable::add(TokenId left, TokenId right, Merge merge) {
  SIXFOLD_CHECK(left >= 0 && right >= 0);
  Slot& slot = slots_[slot_of(pair_of(left, right))];
  if (slot.pair == kEmpty) slot = {pair_of(left, right), merge};
}

const MergeTable::Merge* MergeTable::find(TokenId left, TokenId right) const {
  if (left < 0 || right < 0) return nullptr;
  const Slot& slot = slots_[slot_of(pair_of(left, right))];
  return slot.pair == kEmpty ? nullptr : &slot.merge;
}

void MergeScratch::merge(const MergeTable& table, std::vector<Symbol>& symbols) {
  if (symbols.size() <= kFewSymbols) {
    merge_few(table, symbols);
  } else {
    merge_many(table, symbols);
  }
}

void MergeScratch::merge_few(const MergeTable& table, std::vector<Symbol>& symbols) {
  // ranks_[i] is the rank of merging symbols i and i + 1.
  ranks_.clear();
  for (std::size_t i = 0; i + 1 < symbols.size(); ++i) ranks_.push_back(rank_of(table, symbols[i], symbols[i + 1]));
  while (!ranks_.empty()) {
    const auto best = std::min_element(ranks_.begin(), ranks_.end());
    if (*best == kNoMerge) return;
    const auto at = static_cast<std::size_t>(best - ranks_.begin());
    symbols[at].id = table.find(symbols[at].id, symbols[at + 1].id)->result;
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    ranks_.erase(best);
    if (at > 0) ranks_[at - 1] = rank_of(table, symbols[at - 1], symbols[at]);
    if (at < ranks_.size()) ranks_[at] = rank_of(table, symbols[at], symbols[at + 1]);
  }
}

void MergeScratch::push_candidate(const MergeTable& table, std::uint32_t left) {
  const std::uint32_t right = nodes_[left].next;
  if (right == kNone) return;
  const std::uint32_t rank = rank_of(table, nodes_[left].symbol, nodes_[right].symbol);
  if (rank == kNoMerge) return;
  heap_.push_back({rank, left, nodes_[left].symbol.id, nodes_[right].symbol.id});
}

void MergeScratch::merge_many(const MergeTable& table, std::vector<Symbol>& symbols) {
  SIXFOLD_CHECK(symbols.size() < kNone);
  const auto is_later = [](const Candidate& a, const Candidate& b) {
    return a.rank != b.rank ? a.rank > b.rank : a.left > b.left;
  };
  const auto count = static_cast<std::uint32_t>(symbols.size());
  nodes_.clear();
  heap_.clear();
  for (std::uint32_t i = 0; i < count; ++i) nodes_.push_back({symbols[i], i - 1, i + 1 < count ? i + 1 : kNone});
  for (std::uint32_t i = 0; i < count; ++i) push_candidate(table, i);
  std::make_heap(heap_.begin(), heap_.end(), is_later);
  const auto push = [&](std::uint32_t left) {
    const std::size_t before = heap_.size();
    push_candidate(table, left);
    if (heap_.size() > before) std::push_heap(heap_.begin(), heap_.end(), is_later);
  };

  while (!heap_.empty()) {
    std::pop_heap(heap_.begin(), heap_.end(), is_later);
    const Candidate candidate = heap_.back();
    heap_.pop_back();
    // A candidate is stale when one of its two symbols has since been merged with another.
    Node& left = nodes_[candidate.left];
    if (left.symbol.id != candidate.left_id || left.next == kNone) continue;
    const Node& right = nodes_[left.next];
    if (right.symbol.id != candidate.right_id) continue;
    nodes_[left.next].symbol.id = -1;  // swallowed; its own candidates become stale
    left.symbol.id = table.find(candidate.left_id, candidate.right_id)->result;
    left.next = right.next;
    if (left.next != kNone) nodes_[left.next].previous = candidate.left;
    push(candidate.left);
    if (candidate.left != 0) push(left.previous);
  }
  symbols.clear();
  for (std::uint32_t i = 0; i != kNone; i = nodes_[i].next) symbols.push_back(nodes_[i].symbol);
}

}  // namespace sixfold::tokenizer
