// A nondeterministic automaton from the tree, then sets of its nodes as the states of a deterministic one.
#include "grammar/regex.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/grammar_limits.h"
#include "grammar/regex_syntax.h"

namespace sixfold::grammar {
namespace {

using NodeIndex = std::uint32_t;

struct NfaNode {
  enum class Kind : std::uint8_t { kSet, kFork, kBegin, kEnd, kMatch };
  Kind kind = Kind::kMatch;
  NodeIndex next = 0;
  NodeIndex other = 0;           // of a fork
  const CharSet* set = nullptr;  // of the tree: repetitions share it
};

// The trees must outlive it.
class NfaBuilder {
 public:
  static constexpr std::size_t kNodesMax = 1u << 16;

  NfaBuilder() { nodes.push_back({}); }

  NodeIndex add(NfaNode node) {
    nodes.push_back(std::move(node));
    return static_cast<NodeIndex>(nodes.size() - 1);
  }
  NodeIndex fork(NodeIndex next, NodeIndex other) { return add({NfaNode::Kind::kFork, next, other}); }

  // Any characters, then next.
  NodeIndex any_before(NodeIndex next) {
    const NodeIndex loop = fork(0, next);
    static const CharSet kAll = CharSet::all();
    const NodeIndex any = add({NfaNode::Kind::kSet, loop, 0, &kAll});
    nodes[loop].next = any;
    return loop;
  }

  NodeIndex build(const RegexTree& tree, NodeIndex next) {
    if (is_too_large()) return next;
    switch (tree.kind) {
      case RegexTree::Kind::kSet:
        return add({NfaNode::Kind::kSet, next, 0, &tree.set});
      case RegexTree::Kind::kBegin:
        return add({NfaNode::Kind::kBegin, next, 0});
      case RegexTree::Kind::kEnd:
        return add({NfaNode::Kind::kEnd, next, 0});
      case RegexTree::Kind::kSequence:
        for (auto part = tree.parts.rbegin(); part != tree.parts.rend(); ++part) next = build(*part, next);
        return next;
      case RegexTree::Kind::kChoice: {
        NodeIndex choice = build(tree.parts.back(), next);
        for (std::size_t index = tree.parts.size() - 1; index > 0; --index) {
          choice = fork(build(tree.parts[index - 1], next), choice);
        }
        return choice;
      }
      case RegexTree::Kind::kRepeat:
        return build_repeat(tree, next);
      case RegexTree::Kind::kAhead:
      case RegexTree::Kind::kNotAhead:
        break;  // apart: condition_of
    }
    return next;
  }

  bool is_too_large() const { return nodes.size() > kNodesMax; }

  std::vector<NfaNode> nodes;  // the first is the match

 private:
  NodeIndex build_repeat(const RegexTree& repeat, NodeIndex next) {
    const RegexTree& part = repeat.parts.front();
    if (repeat.most == RegexTree::kUnlimited) {
      const NodeIndex loop = fork(0, next);
      const NodeIndex body = build(part, loop);
      nodes[loop].next = body;
      next = loop;
    } else {
      const NodeIndex behind = next;
      for (std::uint32_t count = repeat.least; count < repeat.most && !is_too_large(); ++count) {
        next = fork(build(part, next), behind);
      }
    }
    for (std::uint32_t count = 0; count < repeat.least && !is_too_large(); ++count) next = build(part, next);
    return next;
  }
};

// Where in the text anchors are asked.
struct Place {
  bool is_begin = false;
  bool is_end = false;
};

class Determiniser {
 public:
  explicit Determiniser(const std::vector<NfaNode>& nodes) : nodes_(nodes), seen_(nodes.size(), 0) {}

  Result<Dfa> run(NodeIndex start) {
    // The start is not looked up by its nodes: only there ^ holds.
    std::vector<std::vector<NodeIndex>> sets = {closed({start}, {.is_begin = true})};
    std::map<std::vector<NodeIndex>, std::uint32_t> numbers;
    Dfa dfa;
    std::size_t edges = 0;
    for (std::size_t at = 0; at < sets.size(); ++at) {
      Dfa::State state;
      const std::vector<NodeIndex> own = sets[at];
      const std::vector<NodeIndex> last = closed(own, {.is_begin = at == 0, .is_end = true});
      state.accepts = std::binary_search(last.begin(), last.end(), NodeIndex{0});
      const std::vector<char32_t> borders = borders_of(own);
      for (std::size_t index = 0; index + 1 < borders.size() && work_ <= kWorkMax; ++index) {
        std::vector<NodeIndex> targets;
        for (const NodeIndex node : own) {
          if (nodes_[node].kind == NfaNode::Kind::kSet && nodes_[node].set->contains(borders[index])) {
            targets.push_back(nodes_[node].next);
          }
        }
        work_ += own.size() + 1;
        if (targets.empty()) continue;
        std::vector<NodeIndex> set = closed(std::move(targets), {});
        if (set.empty()) continue;
        const auto [place, is_new] = numbers.try_emplace(set, static_cast<std::uint32_t>(sets.size()));
        if (is_new) sets.push_back(std::move(set));
        state.edges.push_back({borders[index], borders[index + 1] - 1, place->second});
      }
      edges += state.edges.size();
      dfa.states.push_back(std::move(state));
      if (edges > limits::kDfaEdgesMax) {
        return resource_exhausted("an automaton of more than {} edges", limits::kDfaEdgesMax);
      }
      if (sets.size() > limits::kDfaStatesMax || work_ > kWorkMax) {
        return resource_exhausted("an automaton of more than {} states", limits::kDfaStatesMax);
      }
    }
    return reduced(dfa);
  }

 private:
  static constexpr std::size_t kWorkMax = 8'000'000;  // nodes looked at: some tens of milliseconds

  // All nodes that are reached without a character; sorted.
  std::vector<NodeIndex> closed(std::vector<NodeIndex> open, Place place) {
    ++round_;
    std::vector<NodeIndex> reached;
    while (!open.empty()) {
      const NodeIndex index = open.back();
      open.pop_back();
      if (seen_[index] == round_) continue;
      seen_[index] = round_;
      ++work_;
      const NfaNode& node = nodes_[index];
      switch (node.kind) {
        case NfaNode::Kind::kSet:
        case NfaNode::Kind::kMatch:
          reached.push_back(index);
          break;
        case NfaNode::Kind::kFork:
          open.push_back(node.next);
          open.push_back(node.other);
          break;
        case NfaNode::Kind::kBegin:
          if (place.is_begin) open.push_back(node.next);
          break;
        case NfaNode::Kind::kEnd:
          reached.push_back(index);  // asked again where the text ends
          if (place.is_end) open.push_back(node.next);
          break;
      }
    }
    std::sort(reached.begin(), reached.end());
    return reached;
  }

  // Between two borders every set of the nodes has all characters or none.
  std::vector<char32_t> borders_of(const std::vector<NodeIndex>& nodes) const {
    std::vector<const CharSet*> sets;
    for (const NodeIndex node : nodes) {
      if (nodes_[node].set != nullptr) sets.push_back(nodes_[node].set);
    }
    std::sort(sets.begin(), sets.end());
    sets.erase(std::unique(sets.begin(), sets.end()), sets.end());
    std::vector<char32_t> borders;
    for (const CharSet* set : sets) {
      for (const CharRange& range : set->ranges()) {
        borders.push_back(range.low);
        borders.push_back(range.high + 1);
      }
    }
    std::sort(borders.begin(), borders.end());
    borders.erase(std::unique(borders.begin(), borders.end()), borders.end());
    return borders;
  }

  const std::vector<NfaNode>& nodes_;
  std::vector<std::uint32_t> seen_;
  std::uint32_t round_ = 0;
  std::size_t work_ = 0;
};

Result<Dfa> dfa_of_tree(const RegexTree& tree, RegexUse use) {
  NfaBuilder builder;
  const NodeIndex behind = use == RegexUse::kSearch ? builder.any_before(0) : 0;
  NodeIndex start = builder.build(tree, behind);
  if (use == RegexUse::kSearch) start = builder.any_before(start);
  if (builder.is_too_large()) {
    return resource_exhausted("an automaton of more than {} states", limits::kDfaStatesMax);
  }
  return Determiniser(builder.nodes).run(start);
}

bool looks_ahead(const RegexTree& tree) {
  return tree.kind == RegexTree::Kind::kAhead || tree.kind == RegexTree::Kind::kNotAhead;
}

// Texts that begin as the look ahead says.
Result<Dfa> condition_of(const RegexTree& ahead) {
  RegexTree tree;
  tree.parts.emplace_back().kind = RegexTree::Kind::kBegin;
  tree.parts.push_back(ahead.parts.front());
  return dfa_of_tree(tree, RegexUse::kSearch);
}

}  // namespace

Result<Dfa> dfa_of_regex(std::string_view pattern, RegexUse use) {
  SIXFOLD_TRY(RegexTree tree, parse_regex(pattern));
  std::vector<RegexTree> aheads;
  if (tree.kind == RegexTree::Kind::kSequence) {
    std::copy_if(tree.parts.begin(), tree.parts.end(), std::back_inserter(aheads), looks_ahead);
    std::erase_if(tree.parts, looks_ahead);
  }
  SIXFOLD_TRY(Dfa texts, dfa_of_tree(tree, use));
  for (const RegexTree& ahead : aheads) {
    SIXFOLD_TRY(const Dfa condition, condition_of(ahead));
    SIXFOLD_TRY(texts,
                ahead.kind == RegexTree::Kind::kAhead ? intersect(texts, condition) : subtract(texts, condition));
  }
  return texts;
}

Result<std::string> rules_of_regex(std::string_view pattern, std::string_view rule_name) {
  Result<Dfa> dfa = dfa_of_regex(pattern, RegexUse::kWhole);
  if (!dfa) return with_context(std::move(dfa).error(), "regex");
  if (is_empty(*dfa)) return invalid_argument("regex: no text matches it");
  std::string rules;
  append_rules(rules, *dfa, rule_name, Spelling::kPlain);
  return rules;
}

}  // namespace sixfold::grammar
