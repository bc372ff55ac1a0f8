// From the tree of a grammar to its nodes.  Each expression is built in front of the node where reading goes on behind
// it, so that no edge is ever patched but a loop's.
#include "grammar/grammar.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "core/error.h"
#include "core/limits.h"
#include "grammar/grammar_checks.h"

namespace sixfold::grammar {

class GrammarCompiler {
 public:
  explicit GrammarCompiler(const Syntax& syntax) : syntax_(syntax) {
    made_.nodes_.push_back({});  // Grammar::kEnd
    made_.starts_.assign(syntax.rules.size(), Grammar::kEnd);
    made_.root_ = syntax.root;
  }

  Result<Grammar> compile() {
    for (std::size_t rule = 0; rule < syntax_.rules.size(); ++rule) {
      made_.starts_[rule] = build(syntax_.rules[rule].body, Grammar::kEnd);
      if (is_too_large_) {
        return about(rule, fmt::format("the grammar has more than {} nodes here; are there large repetitions?",
                                       limits::kGrammarNodesMax));
      }
    }
    const NodeView view{made_.nodes_, made_.edges_, made_.starts_};
    if (const std::optional<std::uint32_t> rule = find_left_recursion(view)) {
      return about(*rule, "the rule can begin with itself (left recursion); write it as a repetition");
    }
    made_.can_end_ = find_ending_nodes(view, false);
    if (!made_.can_end_[made_.start()]) return about(syntax_.root, "no text of finite length matches the rule");
    return std::move(made_);
  }

 private:
  Error about(std::size_t rule, std::string_view reason) const {
    return invalid_argument("grammar: line {}: rule \"{}\": {}", syntax_.rules[rule].line, syntax_.rules[rule].name,
                            reason);
  }

  NodeId add(Node::Kind kind, std::uint32_t first, std::uint32_t second) {
    if (made_.nodes_.size() >= limits::kGrammarNodesMax) is_too_large_ = true;
    if (is_too_large_) return Grammar::kEnd;
    made_.nodes_.push_back({kind, first, second});
    return static_cast<NodeId>(made_.nodes_.size() - 1);
  }

  NodeId add_bytes(std::span<const ByteEdge> edges) {
    const auto first = static_cast<std::uint32_t>(made_.edges_.size());
    if (is_too_large_) return Grammar::kEnd;
    made_.edges_.insert(made_.edges_.end(), edges.begin(), edges.end());
    return add(Node::Kind::kBytes, first, static_cast<std::uint32_t>(made_.edges_.size()));
  }

  NodeId build(const Expression& expression, NodeId next) {
    if (is_too_large_) return Grammar::kEnd;
    switch (expression.kind) {
      case Expression::Kind::kLiteral: {
        for (auto byte = expression.text.rbegin(); byte != expression.text.rend(); ++byte) {
          const auto value = static_cast<std::uint8_t>(*byte);
          next = add_bytes(std::array{ByteEdge{value, value, next}});
        }
        return next;
      }
      case Expression::Kind::kSet:
        return build_set(expression.set, next);
      case Expression::Kind::kRule:
        return add(Node::Kind::kCall, expression.rule, next);
      case Expression::Kind::kSequence: {
        for (auto part = expression.parts.rbegin(); part != expression.parts.rend(); ++part) next = build(*part, next);
        return next;
      }
      case Expression::Kind::kChoice: {
        NodeId choice = build(expression.parts.back(), next);
        for (std::size_t index = expression.parts.size() - 1; index > 0; --index) {
          choice = add(Node::Kind::kFork, build(expression.parts[index - 1], next), choice);
        }
        return choice;
      }
      case Expression::Kind::kRepeat:
        return build_repeat(expression, next);
    }
    return next;
  }

  NodeId build_repeat(const Expression& repeat, NodeId next) {
    const Expression& part = repeat.parts.front();
    if (repeat.most == Expression::kUnlimited) {
      const NodeId loop = add(Node::Kind::kFork, Grammar::kEnd, next);
      const NodeId body = build(part, loop);
      if (is_too_large_) return Grammar::kEnd;
      made_.nodes_[loop].first = body;
      next = loop;
    } else {
      // Each optional one stands before those behind it: only when it is there may they be.
      const NodeId behind = next;
      for (std::uint32_t count = repeat.least; count < repeat.most && !is_too_large_; ++count) {
        next = add(Node::Kind::kFork, build(part, next), behind);
      }
    }
    for (std::uint32_t count = 0; count < repeat.least && !is_too_large_; ++count) next = build(part, next);
    return next;
  }

  // The bytes of UTF-8: a first byte, and as many of 80 to BF as it announces.  A range is cut where the number of
  // bytes changes, and then where its first, second ... byte does, until each piece is a range for every byte.
  NodeId build_set(const CharSet& set, NodeId next) {
    next_ = next;
    continuations_ = {};
    std::vector<ByteEdge> edges;
    for (const CharRange& range : set.ranges()) {
      static constexpr std::array<char32_t, 4> kLast = {0x7F, 0x7FF, 0xFFFF, kCodePointMax};
      char32_t low = range.low;
      for (std::size_t more = 0; more < kLast.size(); ++more) {
        const char32_t high = std::min(range.high, kLast[more]);
        static constexpr std::array<std::uint32_t, 4> kLead = {0x00, 0xC0, 0xE0, 0xF0};
        if (low <= high) append_pieces(low, high, more, kLead[more], edges);
        low = std::max<char32_t>(low, high + 1);
      }
    }
    return add_bytes(edges);
  }

  // Edges for the byte whose value is `mark` with the bits of the characters above 6 * more.
  void append_pieces(char32_t low, char32_t high, std::size_t more, std::uint32_t mark, std::vector<ByteEdge>& edges) {
    const std::size_t shift = 6 * more;
    const char32_t rest = (char32_t{1} << shift) - 1;  // bits of the bytes behind this one
    while (low <= high) {
      const char32_t front = low >> shift;
      const bool is_whole_front = (low & rest) == 0;
      // As many first bytes as have all that can follow, or the part of one.
      char32_t last = front;
      if (is_whole_front && (high >> shift) > front) last = (high & rest) == rest ? high >> shift : (high >> shift) - 1;
      const char32_t piece_high = std::min<char32_t>(high, (last << shift) | rest);
      const bool is_whole = is_whole_front && (piece_high & rest) == rest;
      NodeId target = next_;
      if (more > 0) {
        target = is_whole ? continuation(more) : partial(low & rest, piece_high & rest, more);
      }
      edges.push_back({static_cast<std::uint8_t>(mark | front), static_cast<std::uint8_t>(mark | last), target});
      if (piece_high == kCodePointMax) break;
      low = piece_high + 1;
    }
  }

  // Any `more` bytes 80 to BF, then next_.
  NodeId continuation(std::size_t more) {
    if (continuations_[more]) return *continuations_[more];
    const NodeId target = more == 1 ? next_ : continuation(more - 1);
    continuations_[more] = add_bytes(std::array{ByteEdge{0x80, 0xBF, target}});
    return *continuations_[more];
  }

  // The last `more` bytes of characters whose low bits are low to high.
  NodeId partial(char32_t low, char32_t high, std::size_t more) {
    std::vector<ByteEdge> edges;
    append_pieces(low, high, more - 1, 0x80, edges);
    return add_bytes(edges);
  }

  const Syntax& syntax_;
  Grammar made_;
  bool is_too_large_ = false;
  NodeId next_ = 0;                                     // of the set that is being built
  std::array<std::optional<NodeId>, 4> continuations_;  // of that set, by number of bytes
};

Result<Grammar> Grammar::compile(std::string_view text) {
  SIXFOLD_TRY(const Syntax syntax, parse_gbnf(text));
  return GrammarCompiler(syntax).compile();
}

}  // namespace sixfold::grammar
