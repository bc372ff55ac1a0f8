// Both questions are answered from the ends backwards, so that each edge is looked at once.
#include "grammar/grammar_checks.h"

#include <algorithm>
#include <utility>

namespace sixfold::grammar {
namespace {

// Who must be asked again when a node, or a rule, turns out to end.
struct Dependents {
  explicit Dependents(std::size_t targets) : heads(targets, kNone) {}

  void add(std::size_t target, NodeId dependent) {
    links.push_back({dependent, heads[target]});
    heads[target] = static_cast<std::uint32_t>(links.size() - 1);
  }

  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  struct Link {
    NodeId dependent = 0;
    std::uint32_t next = kNone;
  };
  std::vector<std::uint32_t> heads;
  std::vector<Link> links;
};

}  // namespace

std::vector<bool> find_ending_nodes(const NodeView& view, bool is_empty_only) {
  const std::size_t count = view.nodes.size();
  // Targets: the nodes, of which a rule's start stands for the rule too.
  Dependents dependents(count);
  std::vector<bool> ends(count, false);
  std::vector<NodeId> found;
  for (NodeId id = 0; id < count; ++id) {
    const Node& node = view.nodes[id];
    switch (node.kind) {
      case Node::Kind::kRuleEnd:
        ends[id] = true;
        found.push_back(id);
        break;
      case Node::Kind::kBytes:
        if (is_empty_only) break;
        for (std::uint32_t edge = node.first; edge < node.second; ++edge) dependents.add(view.edges[edge].next, id);
        break;
      case Node::Kind::kFork:
        dependents.add(node.first, id);
        dependents.add(node.second, id);
        break;
      case Node::Kind::kCall:
        dependents.add(view.starts[node.first], id);
        dependents.add(node.second, id);
        break;
    }
  }
  while (!found.empty()) {
    const NodeId target = found.back();
    found.pop_back();
    for (std::uint32_t link = dependents.heads[target]; link != Dependents::kNone; link = dependents.links[link].next) {
      const NodeId id = dependents.links[link].dependent;
      if (ends[id]) continue;
      const Node& node = view.nodes[id];
      if (node.kind == Node::Kind::kCall && !(ends[view.starts[node.first]] && ends[node.second])) continue;
      ends[id] = true;
      found.push_back(id);
    }
  }
  return ends;
}

std::optional<std::uint32_t> find_left_recursion(const NodeView& view) {
  const std::vector<bool> is_empty = find_ending_nodes(view, true);
  const std::size_t rules = view.starts.size();
  // For each rule, those that it can begin with; nodes are seen once per rule that reaches them.
  std::vector<std::vector<std::uint32_t>> begins_with(rules);
  std::vector<std::uint32_t> seen(view.nodes.size(), 0);
  for (std::uint32_t rule = 0; rule < rules; ++rule) {
    std::vector<NodeId> open = {view.starts[rule]};
    while (!open.empty()) {
      const NodeId id = open.back();
      open.pop_back();
      if (seen[id] == rule + 1) continue;
      seen[id] = rule + 1;
      const Node& node = view.nodes[id];
      if (node.kind == Node::Kind::kFork) {
        open.push_back(node.first);
        open.push_back(node.second);
      } else if (node.kind == Node::Kind::kCall) {
        begins_with[rule].push_back(node.first);
        if (is_empty[view.starts[node.first]]) open.push_back(node.second);
      }
    }
  }
  // Depth first; meeting a rule that is still open closes a circle.
  enum class Mark : std::uint8_t { kNew, kOpen, kDone };
  std::vector<Mark> marks(rules, Mark::kNew);
  for (std::uint32_t first = 0; first < rules; ++first) {
    if (marks[first] != Mark::kNew) continue;
    std::vector<std::pair<std::uint32_t, std::size_t>> path = {{first, 0}};
    marks[first] = Mark::kOpen;
    while (!path.empty()) {
      auto& [rule, next] = path.back();
      if (next == begins_with[rule].size()) {
        marks[rule] = Mark::kDone;
        path.pop_back();
        continue;
      }
      const std::uint32_t called = begins_with[rule][next++];
      if (marks[called] == Mark::kOpen) return called;
      if (marks[called] == Mark::kDone) continue;
      marks[called] = Mark::kOpen;
      path.emplace_back(called, 0);
    }
  }
  return std::nullopt;
}

}  // namespace sixfold::grammar
