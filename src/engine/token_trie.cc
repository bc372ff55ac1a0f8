// Sorted texts, and a node for each byte that the text before does not share.
#include "engine/token_trie.h"

#include <algorithm>

#include "core/utf8.h"
#include "grammar/machine.h"

namespace sixfold::engine {
namespace {

// Longer tokens are never allowed by a grammar; published vocabularies have none.
constexpr std::size_t kTokenBytesMax = 4096;

}  // namespace

TokenTrie::TokenTrie(const tokenizer::Tokenizer& tokenizer) : offsets_{0} {
  std::vector<TokenId> visible;
  std::vector<TokenId> special;
  for (std::size_t index = 0; index < tokenizer.size(); ++index) {
    const auto token = static_cast<TokenId>(index);
    std::string text = tokenizer.piece(token, false);
    const bool is_end = tokenizer.ends_generation(token);
    const bool is_hidden = text.empty() || is_end;
    if (is_end) end_tokens_.push_back(token);
    if (is_hidden) text = tokenizer.piece(token, true);
    if (!text.empty() && text.size() <= kTokenBytesMax && !is_end) (is_hidden ? special : visible).push_back(token);
    is_special_.push_back(is_hidden);
    bytes_ += text;
    offsets_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  }
  nodes_ = build(std::move(visible));
  for (Node& node : nodes_) {
    node.first_token = static_cast<std::uint32_t>(ordered_tokens_.size());
    if (node.token >= 0) ordered_tokens_.push_back(node.token);
  }
  mark_plain();
  special_nodes_ = build(std::move(special));
}

std::vector<TokenTrie::Node> TokenTrie::build(std::vector<TokenId> tokens) {
  std::stable_sort(tokens.begin(), tokens.end(), [&](TokenId a, TokenId b) { return text(a) < text(b); });
  std::vector<Node> nodes;
  std::vector<std::uint32_t> path;  // the nodes of the newest text
  std::string_view before;
  const auto close_from = [&](std::size_t depth) {
    for (std::size_t at = depth; at < path.size(); ++at) nodes[path[at]].end = static_cast<std::uint32_t>(nodes.size());
    path.resize(depth);
  };
  for (const TokenId token : tokens) {
    const std::string_view own = text(token);
    const auto shared = static_cast<std::size_t>(
        std::mismatch(own.begin(), own.end(), before.begin(), before.end()).first - own.begin());
    if (shared == own.size()) {
      twins_.push_back({nodes[path.back()].token, token});
      continue;
    }
    close_from(shared);
    for (std::size_t depth = shared; depth < own.size(); ++depth) {
      path.push_back(static_cast<std::uint32_t>(nodes.size()));
      Node node;
      node.depth = static_cast<std::uint16_t>(depth);
      node.byte = static_cast<std::uint8_t>(own[depth]);
      nodes.push_back(node);
    }
    nodes.back().token = token;
    depth_max_ = std::max(depth_max_, own.size());
    before = own;
  }
  close_from(0);
  return nodes;
}

// From the last node to the first, so that a node's children are known before it.  Within a character the number stands
// for the characters behind it, and is taken away again once all nodes are known.
void TokenTrie::mark_plain() {
  constexpr std::uint8_t kNot = 0xFF;
  constexpr std::uint8_t kMax = grammar::Machine::kPlainRunMax;
  // How many bytes of its character stand before each node: as its ancestors say.
  std::vector<std::uint8_t> left(nodes_.size());      // bytes of the character behind the node's
  std::vector<std::uint8_t> left_at(depth_max_ + 1);  // the same by depth, on the way down
  std::vector<bool> begins(nodes_.size(), false);
  std::vector<bool> is_good(nodes_.size(), true);
  for (std::size_t at = 0; at < nodes_.size(); ++at) {
    const Node& node = nodes_[at];
    const std::uint8_t missing = node.depth == 0 ? 0 : left_at[node.depth - std::size_t{1}];
    begins[at] = missing == 0;
    if (missing > 0) {
      is_good[at] = (node.byte & 0xC0) == 0x80;
      left[at] = static_cast<std::uint8_t>(missing - 1);
    } else {
      const std::uint8_t byte = node.byte;
      left[at] = byte < 0xC0 ? 0 : byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
      is_good[at] = byte < 0x80 ? grammar::Machine::is_plain(byte) : byte >= 0xC2 && byte <= 0xF4;
    }
    if (node.token >= 0 && left[at] > 0) is_good[at] = false;  // ends within a character
    if (node.token >= 0 && left[at] == 0 && is_good[at]) is_good[at] = ends_well(node);
    left_at[node.depth] = left[at];
  }
  for (std::size_t at = nodes_.size(); at-- > 0;) {
    Node& node = nodes_[at];
    std::uint8_t most = is_good[at] ? 0 : kNot;
    for (std::size_t child = at + 1; child < node.end && most != kNot; child = nodes_[child].end) {
      most = std::max(most, nodes_[child].plain_characters);
    }
    if (most != kNot && begins[at]) most = most == kMax ? kNot : static_cast<std::uint8_t>(most + 1);
    node.plain_characters = most;
  }
  for (std::size_t at = 0; at < nodes_.size(); ++at) {
    if (!begins[at] || nodes_[at].plain_characters == kNot) nodes_[at].plain_characters = 0;
  }
}

// The whole text is UTF-8: lead bytes and the ones behind them alone do not say so.
bool TokenTrie::ends_well(const Node& node) const {
  return is_valid_utf8(text(node.token));
}

}  // namespace sixfold::engine
