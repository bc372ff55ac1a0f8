// Sorted texts, and a node for each byte that the text before does not share.
#include "engine/token_trie.h"

#include <algorithm>

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
      nodes.push_back({0, -1, static_cast<std::uint16_t>(depth), static_cast<std::uint8_t>(own[depth])});
    }
    nodes.back().token = token;
    depth_max_ = std::max(depth_max_, own.size());
    before = own;
  }
  close_from(0);
  return nodes;
}

}  // namespace sixfold::engine
