// The texts of a vocabulary as a tree over bytes, so that a grammar reads the beginnings that tokens share once.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/request.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::engine {

// Immutable, thread-safe.
class TokenTrie {
 public:
  // Nodes in depth-first order: a node's children follow it, up to `end`, where the node behind all of them stands.
  struct Node {
    std::uint32_t end = 0;
    TokenId token = -1;       // whose text ends with this node's byte; the lowest of several; -1: none
    std::uint16_t depth = 0;  // bytes before it
    std::uint8_t byte = 0;
    // Not 0: a character begins here, and all texts through this node go on with that many plain characters at most
    // (grammar::Machine::plain_run), and with nothing else.
    std::uint8_t plain_characters = 0;
    std::uint32_t first_token = 0;  // of ordered_tokens(): where those of this node and behind it begin
  };
  // Two tokens with one text.
  struct Twin {
    TokenId first = 0;  // the one in the tree
    TokenId other = 0;
  };

  // Cost: a call of piece() for each token, and sorting them.
  explicit TokenTrie(const tokenizer::Tokenizer& tokenizer);

  std::size_t vocabulary() const { return offsets_.size() - 1; }

  // Tokens with a text that readers see: all but control tokens and those that end a generation.
  std::span<const Node> nodes() const { return nodes_; }
  std::span<const Twin> twins() const { return twins_; }
  // The tokens of nodes(), in their order, and behind them nothing.
  std::span<const TokenId> ordered_tokens() const { return ordered_tokens_; }
  // The others that have a name.
  std::span<const Node> special_nodes() const { return special_nodes_; }
  std::size_t depth_max() const { return depth_max_; }  // of any node, plus 1

  std::span<const TokenId> end_tokens() const { return end_tokens_; }

  // A token's bytes; of a control token, its name.
  std::string_view text(TokenId token) const {
    const auto index = static_cast<std::size_t>(token);
    return std::string_view(bytes_).substr(offsets_[index], offsets_[index + 1] - offsets_[index]);
  }
  bool is_special(TokenId token) const { return is_special_[static_cast<std::size_t>(token)]; }

 private:
  std::vector<Node> build(std::vector<TokenId> tokens);
  void mark_plain();
  bool ends_well(const Node& node) const;

  std::string bytes_;
  std::vector<std::uint32_t> offsets_;  // [vocabulary + 1], into bytes_
  std::vector<bool> is_special_;        // [vocabulary]
  std::vector<Node> nodes_;
  std::vector<Node> special_nodes_;
  std::vector<Twin> twins_;
  std::vector<TokenId> ordered_tokens_;
  std::vector<TokenId> end_tokens_;
  std::size_t depth_max_ = 0;
};

}  // namespace sixfold::engine
