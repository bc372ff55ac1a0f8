// Texts of tokens as a tree over bytes, so that a grammar reads the beginnings that tokens share once.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "tokenizer/vocabulary.h"

namespace sixfold::engine {

using tokenizer::TokenId;
using TokenText = std::function<std::string_view(TokenId)>;

// Immutable, thread-safe.
class TokenTree {
 public:
  // Nodes in depth-first order: a node's children follow it, up to `end`, where the node behind all of them stands.
  struct Node {
    std::uint32_t end = 0;
    TokenId token = -1;       // whose text ends with this node's byte; -1: none
    std::uint16_t depth = 0;  // bytes before it
    std::uint8_t byte = 0;
    // Not 0: a character begins here, and all texts through this node go on with that many plain characters at most
    // (grammar::plain_characters), and with nothing else.
    std::uint8_t plain_characters = 0;
    std::uint32_t first_token = 0;  // of tokens(): where those of this node and behind it begin
  };

  TokenTree() = default;
  // tokens: with texts of at least one byte, ordered by these, no two the same.
  TokenTree(std::vector<TokenId> tokens, const TokenText& text_of);

  // The tree of some of its tokens.  keeps: [tokens()], 0 or 1.
  TokenTree subset(const std::vector<std::uint8_t>& keeps) const;

  std::span<const Node> nodes() const { return nodes_; }
  std::span<const TokenId> tokens() const { return tokens_; }  // in the order of their nodes
  std::size_t bytes() const { return nodes_.size() * sizeof(Node) + tokens_.size() * sizeof(TokenId); }
  std::size_t depth_max() const { return depth_max_; }  // of any node, plus 1

 private:
  void mark_plain(const TokenText& text_of);

  std::vector<TokenId> tokens_;
  std::vector<Node> nodes_;
  std::size_t depth_max_ = 0;
};

}  // namespace sixfold::engine
