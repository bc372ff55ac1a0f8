// What must hold of a grammar's nodes before anybody reads a text with them.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "grammar/grammar.h"

namespace sixfold::grammar {

struct NodeView {
  std::span<const Node> nodes;
  std::span<const ByteEdge> edges;
  std::span<const NodeId> starts;  // of each rule
};

// For each node, whether some text leads to the end of its rule; with is_empty_only, the empty text.
// Cost: O(nodes + edges).
std::vector<bool> find_ending_nodes(const NodeView& view, bool is_empty_only);

// A rule that can begin with itself: reading it would call it again and again without taking a byte.
std::optional<std::uint32_t> find_left_recursion(const NodeView& view);

}  // namespace sixfold::grammar
