// Every token is looked at once: how many characters of the set it is, if it is nothing else.
#include "engine/alike_tokens.h"

#include <algorithm>

#include "core/utf8.h"
#include "engine/token_bits.h"
#include "engine/token_trie.h"
#include "grammar/machine.h"

namespace sixfold::engine {
namespace {

using grammar::AlikeSet;

constexpr std::size_t kLengthMax = grammar::Machine::kAlikeRunMax;
// Walking over so many nodes takes about as long as making AlikeTokens of 150,000 tokens.
constexpr std::size_t kNodesWorth = 300'000;

// For each token of the tree how many characters it is; 0 when any is not of the set, or they are more than kLengthMax.
std::vector<std::uint8_t> alike_lengths(const TokenTrie& trie, const AlikeSet& set) {
  constexpr std::uint8_t kNot = 0xFF;
  const TokenTree& tree = trie.tree();
  std::vector<std::uint8_t> lengths(tree.tokens().size(), 0);
  std::vector<std::uint8_t> length_at(tree.depth_max() + 1, 0);  // [depth]: characters of the path before it, or kNot
  std::vector<std::uint8_t> is_ascii_at(tree.depth_max() + 1, 1);
  for (const TokenTree::Node& node : tree.nodes()) {
    std::uint8_t length = length_at[node.depth];
    const bool is_ascii = node.byte < 0x80;
    const bool is_behind = (node.byte & 0xC0) == 0x80;  // goes on with a character
    if (length != kNot && !is_behind) ++length;
    if ((is_ascii ? !set.has(node.byte) : !set.has_others) || length > kLengthMax) length = kNot;
    length_at[node.depth + std::size_t{1}] = length;
    is_ascii_at[node.depth + std::size_t{1}] = is_ascii ? is_ascii_at[node.depth] : 0;
    if (node.token < 0 || length == kNot) continue;
    const bool is_text = is_ascii_at[node.depth + std::size_t{1}] != 0 || is_valid_utf8(trie.text(node.token));
    if (is_text) lengths[node.first_token] = length;
  }
  return lengths;
}

}  // namespace

AlikeTokens::AlikeTokens(const TokenTrie& trie, const AlikeSet& set) : set_(set), bits_(kLengthMax + 1) {
  const std::span<const TokenId> tokens = trie.tree().tokens();
  const std::vector<std::uint8_t> lengths = alike_lengths(trie, set);
  std::vector<std::uint8_t> is_other(tokens.size());
  for (auto& bits : bits_) bits.assign((trie.vocabulary() + 63) / 64, 0);
  for (std::size_t place = 0; place < tokens.size(); ++place) {
    is_other[place] = lengths[place] == 0 ? 1 : 0;
    if (is_other[place] == 0) add_token(bits_[lengths[place]], tokens[place]);
  }
  for (std::size_t length = 1; length <= kLengthMax; ++length) {
    for (std::size_t word = 0; word < bits_[length].size(); ++word) bits_[length][word] |= bits_[length - 1][word];
  }
  others_ = trie.tree().subset(is_other);
}

std::size_t AlikeTokens::bytes_max(const TokenTrie& trie) {
  return (kLengthMax + 1) * (trie.vocabulary() / 8 + sizeof(std::uint64_t)) + trie.tree().bytes();
}

std::size_t AlikeTokens::bytes() const {
  return bits_.size() * bits_.front().size() * sizeof(std::uint64_t) + others_.bytes();
}

const AlikeTokens* AlikeShelf::choose(const AlikeSet& set) {
  if (set.includes(trie_->plain_tokens().set())) return &trie_->plain_tokens();
  Wish* wish = find(set);
  if (wish == nullptr || wish->nodes_walked < kNodesWorth) return nullptr;
  if (wish->tokens == nullptr && bytes_ + AlikeTokens::bytes_max(*trie_) <= limits::kAlikeBytesMax) {
    wish->tokens = std::make_unique<const AlikeTokens>(*trie_, set);
    bytes_ += wish->tokens->bytes();
  }
  return wish->tokens.get();
}

void AlikeShelf::note_walk(const AlikeSet& set, std::size_t nodes) {
  constexpr std::size_t kFew = 8;  // characters: of fewer, few tokens consist
  if (set.ascii_count() < kFew && !set.has_others) return;
  Wish* wish = find(set);
  if (wish == nullptr && wishes_.size() < limits::kAlikeSetsMax) wish = &wishes_.emplace_back(Wish{set});
  if (wish != nullptr) wish->nodes_walked += nodes;
}

AlikeShelf::Wish* AlikeShelf::find(const AlikeSet& set) {
  const auto wish = std::find_if(wishes_.begin(), wishes_.end(), [&](const Wish& one) { return one.set == set; });
  return wish == wishes_.end() ? nullptr : &*wish;
}

}  // namespace sixfold::engine
