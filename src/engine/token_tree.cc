// Sorted texts, and a node for each byte that the text before does not share.
#include "engine/token_tree.h"

#include <algorithm>
#include <utility>

#include "core/utf8.h"
#include "grammar/machine.h"

namespace sixfold::engine {

TokenTree::TokenTree(std::vector<TokenId> tokens, const TokenText& text_of) : tokens_(std::move(tokens)) {
  std::vector<std::uint32_t> path;  // the nodes of the newest text
  std::string_view before;
  const auto close_from = [&](std::size_t depth) {
    for (std::size_t at = depth; at < path.size(); ++at) {
      nodes_[path[at]].end = static_cast<std::uint32_t>(nodes_.size());
    }
    path.resize(depth);
  };
  for (std::size_t index = 0; index < tokens_.size(); ++index) {
    const std::string_view own = text_of(tokens_[index]);
    const auto shared = static_cast<std::size_t>(
        std::mismatch(own.begin(), own.end(), before.begin(), before.end()).first - own.begin());
    close_from(shared);
    for (std::size_t depth = shared; depth < own.size(); ++depth) {
      path.push_back(static_cast<std::uint32_t>(nodes_.size()));
      Node node;
      node.depth = static_cast<std::uint16_t>(depth);
      node.byte = static_cast<std::uint8_t>(own[depth]);
      node.first_token = static_cast<std::uint32_t>(index);
      nodes_.push_back(node);
    }
    nodes_.back().token = tokens_[index];
    depth_max_ = std::max(depth_max_, own.size());
    before = own;
  }
  close_from(0);
  mark_plain(text_of);
}

// A node stays when a token that is kept goes through it.  What was known of its plain characters still holds.
TokenTree TokenTree::subset(const std::vector<std::uint8_t>& keeps) const {
  // Where each node will stand, counted from the last one on.
  std::vector<std::uint32_t> kept_behind(nodes_.size() + 1, 0);
  std::vector<std::uint8_t> is_kept(nodes_.size());
  TokenTree made;
  for (std::size_t at = nodes_.size(); at-- > 0;) {
    const Node& node = nodes_[at];
    const bool is_own = node.token >= 0 && keeps[node.first_token] != 0;
    // Children stand between the node and its end.
    is_kept[at] = is_own || kept_behind[at + 1] > kept_behind[node.end] ? 1 : 0;
    kept_behind[at] = kept_behind[at + 1] + is_kept[at];
  }
  const std::uint32_t total = kept_behind[0];
  made.nodes_.reserve(total);
  std::size_t read = 0;  // of tokens_
  for (std::size_t at = 0; at < nodes_.size(); ++at) {
    Node node = nodes_[at];
    for (; read < node.first_token; ++read) {
      if (keeps[read] != 0) made.tokens_.push_back(tokens_[read]);
    }
    if (is_kept[at] == 0) continue;
    if (node.token >= 0 && keeps[node.first_token] == 0) node.token = -1;
    node.end = total - kept_behind[node.end];
    node.first_token = static_cast<std::uint32_t>(made.tokens_.size());
    made.nodes_.push_back(node);
    made.depth_max_ = std::max<std::size_t>(made.depth_max_, node.depth + std::size_t{1});
  }
  for (; read < tokens_.size(); ++read) {
    if (keeps[read] != 0) made.tokens_.push_back(tokens_[read]);
  }
  return made;
}

// From the last node to the first, so that a node's children are known before it.  Within a character the number stands
// for the characters behind it, and is taken away again once all nodes are known.
void TokenTree::mark_plain(const TokenText& text_of) {
  constexpr std::uint8_t kNot = 0xFF;
  constexpr std::uint8_t kMax = grammar::Machine::kAlikeRunMax;
  constexpr grammar::AlikeSet kPlain = grammar::plain_characters();
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
      is_good[at] = byte < 0x80 ? kPlain.has(byte) : byte >= 0xC2 && byte <= 0xF4;
    }
    if (node.token >= 0 && left[at] > 0) is_good[at] = false;  // ends within a character
    // Lead bytes and the ones behind them alone do not say that the whole text is UTF-8.
    if (node.token >= 0 && left[at] == 0 && is_good[at]) is_good[at] = is_valid_utf8(text_of(node.token));
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

}  // namespace sixfold::engine
