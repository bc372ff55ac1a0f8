// A grammar as an automaton over bytes: what may come next after any beginning of a text.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "grammar/gbnf.h"

namespace sixfold::grammar {

using NodeId = std::uint32_t;

// Where a reader of a text stands in a rule.  A rule's text is read from its start node to kRuleEnd; a node that calls
// a rule waits on a stack until the rule has ended.  Characters are UTF-8, so no node accepts half of one for good.
struct Node {
  enum class Kind : std::uint8_t {
    kRuleEnd,
    kBytes,  // one byte, by edges [first, second)
    kFork,   // go on at first and at second
    kCall,   // read rule `first`, then go on at second
  };
  Kind kind = Kind::kRuleEnd;
  std::uint32_t first = 0;
  std::uint32_t second = 0;
};

struct ByteEdge {
  std::uint8_t low = 0;
  std::uint8_t high = 0;  // inclusive
  NodeId next = 0;
};

// Immutable, thread-safe.
class Grammar {
 public:
  static constexpr NodeId kEnd = 0;  // the end of every rule

  // text: GBNF (gbnf.h).
  // Errors: as parse_gbnf; invalid_argument naming the rule and line: left recursion (a rule that can begin with
  // itself); more nodes than limits::kGrammarNodesMax; a root that no text matches.
  static Result<Grammar> compile(std::string_view text);

  const std::vector<Node>& nodes() const { return nodes_; }
  const std::vector<ByteEdge>& edges() const { return edges_; }
  NodeId start_of(std::uint32_t rule) const { return starts_[rule]; }
  NodeId start() const { return starts_[root_]; }

  // Whether any text leads from the node to the end of its rule.  The others are to be left out: who enters one can
  // never finish.
  bool can_end(NodeId node) const { return can_end_[node]; }

 private:
  friend class GrammarCompiler;
  Grammar() = default;

  std::vector<Node> nodes_;
  std::vector<ByteEdge> edges_;
  std::vector<NodeId> starts_;  // of each rule
  std::uint32_t root_ = 0;
  std::vector<bool> can_end_;
};

}  // namespace sixfold::grammar
