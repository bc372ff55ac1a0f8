// Products of automata, and merging equal states by refining a partition.
#include "grammar/dfa.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <tuple>
#include <utility>

#include "core/error.h"
#include "core/grammar_limits.h"
#include "core/utf8.h"

namespace sixfold::grammar {
namespace {

constexpr std::uint32_t kNowhere = 0xFFFFFFFF;

// A stretch of characters that has one target on each side.
struct PairEdge {
  char32_t low = 0, high = 0;
  std::uint32_t left = kNowhere, right = kNowhere;
};

std::uint32_t target_at(const std::vector<Dfa::Edge>& edges, std::size_t& index, char32_t at) {
  while (index < edges.size() && edges[index].high < at) ++index;
  return index < edges.size() && edges[index].low <= at ? edges[index].next : kNowhere;
}

// Where the targets may change behind `at`.
char32_t next_border(const std::vector<Dfa::Edge>& edges, std::size_t index, char32_t at) {
  if (index == edges.size()) return kCodePointMax + 1;
  return edges[index].low > at ? edges[index].low : edges[index].high + 1;
}

std::vector<PairEdge> pair_edges(const std::vector<Dfa::Edge>& left, const std::vector<Dfa::Edge>& right) {
  std::vector<PairEdge> pairs;
  std::size_t left_index = 0;
  std::size_t right_index = 0;
  for (char32_t at = 0; at <= kCodePointMax;) {
    PairEdge pair;
    pair.low = at;
    pair.left = target_at(left, left_index, at);
    pair.right = target_at(right, right_index, at);
    at = std::min(next_border(left, left_index, at), next_border(right, right_index, at));
    pair.high = at - 1;
    pairs.push_back(pair);
  }
  return pairs;
}

// is_minus: texts of left that right has not; else those of both.
Result<Dfa> product(const Dfa& left, const Dfa& right, bool is_minus) {
  static const std::vector<Dfa::Edge> kNoEdges;
  using Pair = std::pair<std::uint32_t, std::uint32_t>;
  Dfa made;
  std::map<Pair, std::uint32_t> numbers = {{{0, 0}, 0}};
  std::vector<Pair> order = {{0, 0}};
  std::size_t edges = 0;
  for (std::size_t at = 0; at < order.size(); ++at) {
    const auto [own, other] = order[at];
    const bool is_in_right = other != kNowhere && right.states[other].accepts;
    Dfa::State state;
    state.accepts = left.states[own].accepts && is_in_right != is_minus;
    for (const PairEdge& edge :
         pair_edges(left.states[own].edges, other == kNowhere ? kNoEdges : right.states[other].edges)) {
      if (edge.left == kNowhere || (!is_minus && edge.right == kNowhere)) continue;
      const auto [place, is_new] =
          numbers.try_emplace({edge.left, edge.right}, static_cast<std::uint32_t>(order.size()));
      if (is_new) order.emplace_back(edge.left, edge.right);
      state.edges.push_back({edge.low, edge.high, place->second});
    }
    if (order.size() > limits::kDfaStatesMax) {
      return resource_exhausted("an automaton of more than {} states", limits::kDfaStatesMax);
    }
    edges += state.edges.size();
    if (edges > limits::kDfaEdgesMax) {
      return resource_exhausted("an automaton of more than {} edges", limits::kDfaEdgesMax);
    }
    made.states.push_back(std::move(state));
  }
  return reduced(made);
}

std::vector<bool> find_useful(const Dfa& dfa) {
  std::vector<std::vector<std::uint32_t>> before(dfa.states.size());
  std::vector<std::uint32_t> open;
  std::vector<bool> is_useful(dfa.states.size(), false);
  for (std::uint32_t state = 0; state < dfa.states.size(); ++state) {
    for (const Dfa::Edge& edge : dfa.states[state].edges) before[edge.next].push_back(state);
    if (!dfa.states[state].accepts) continue;
    is_useful[state] = true;
    open.push_back(state);
  }
  while (!open.empty()) {
    const std::uint32_t state = open.back();
    open.pop_back();
    for (const std::uint32_t earlier : before[state]) {
      if (is_useful[earlier]) continue;
      is_useful[earlier] = true;
      open.push_back(earlier);
    }
  }
  return is_useful;
}

// Edges as they look when each target is replaced by its class; neighbours with one target are one.
std::vector<Dfa::Edge> renamed(const std::vector<Dfa::Edge>& edges, const std::vector<std::uint32_t>& class_of) {
  std::vector<Dfa::Edge> result;
  for (const Dfa::Edge& edge : edges) {
    const std::uint32_t next = class_of[edge.next];
    if (next == kNowhere) continue;
    if (!result.empty() && result.back().next == next && result.back().high + 1 == edge.low) {
      result.back().high = edge.high;
    } else {
      result.push_back({edge.low, edge.high, next});
    }
  }
  return result;
}

struct Signature {
  std::uint32_t own = 0;
  std::vector<Dfa::Edge> edges;
  bool operator<(const Signature& other) const {
    if (own != other.own) return own < other.own;
    return std::lexicographical_compare(edges.begin(), edges.end(), other.edges.begin(), other.edges.end(),
                                        [](const Dfa::Edge& a, const Dfa::Edge& b) {
                                          return std::tuple(a.low, a.high, a.next) < std::tuple(b.low, b.high, b.next);
                                        });
  }
};

// Each useful state in a class of its own.
std::vector<std::uint32_t> classes_apart(const std::vector<bool>& is_useful) {
  std::vector<std::uint32_t> class_of(is_useful.size(), kNowhere);
  std::uint32_t next = 0;
  for (std::size_t state = 0; state < is_useful.size(); ++state) {
    if (is_useful[state]) class_of[state] = next++;
  }
  return class_of;
}

// A class for each useful state, such that states of one class accept the same texts.
std::vector<std::uint32_t> classes_of(const Dfa& dfa, const std::vector<bool>& is_useful) {
  constexpr std::size_t kComparedMax = 1024;    // rounds can be as many as states
  constexpr std::size_t kWorkMax = 10'000'000;  // edges, in all rounds
  const std::size_t edges = edges_of(dfa);
  const auto useful = static_cast<std::size_t>(std::count(is_useful.begin(), is_useful.end(), true));
  if (useful > kComparedMax) return classes_apart(is_useful);
  std::vector<std::uint32_t> class_of(dfa.states.size(), kNowhere);
  for (std::size_t state = 0; state < dfa.states.size(); ++state) {
    if (is_useful[state]) class_of[state] = dfa.states[state].accepts ? 1 : 0;
  }
  std::size_t work = 0;
  for (std::size_t classes = 0;;) {
    work += edges;
    if (work > kWorkMax) return classes_apart(is_useful);
    std::map<Signature, std::uint32_t> found;
    std::vector<std::uint32_t> refined(dfa.states.size(), kNowhere);
    for (std::size_t state = 0; state < dfa.states.size(); ++state) {
      if (!is_useful[state]) continue;
      Signature signature{class_of[state], renamed(dfa.states[state].edges, class_of)};
      refined[state] = found.try_emplace(std::move(signature), static_cast<std::uint32_t>(found.size())).first->second;
    }
    class_of = std::move(refined);
    if (found.size() == classes) return class_of;
    classes = found.size();
  }
}

}  // namespace

Dfa dfa_of_texts(const std::vector<std::string>& texts) {
  Dfa dfa;
  dfa.states.emplace_back();
  for (const std::string& text : texts) {
    std::uint32_t state = 0;
    for (std::string_view rest = text; !rest.empty();) {
      const Utf8Step step = read_utf8(rest);
      rest.remove_prefix(step.bytes);
      auto& edges = dfa.states[state].edges;
      const auto place = std::lower_bound(edges.begin(), edges.end(), step.code_point,
                                          [](const Dfa::Edge& edge, char32_t value) { return edge.low < value; });
      if (place != edges.end() && place->low == step.code_point) {
        state = place->next;
        continue;
      }
      const auto added = static_cast<std::uint32_t>(dfa.states.size());
      edges.insert(place, {step.code_point, step.code_point, added});
      dfa.states.emplace_back();
      state = added;
    }
    dfa.states[state].accepts = true;
  }
  return dfa;
}

Dfa dfa_of_all() {
  Dfa dfa;
  dfa.states.push_back({{}, true});
  const CharSet all = CharSet::all();
  for (const CharRange& range : all.ranges()) dfa.states[0].edges.push_back({range.low, range.high, 0});
  return dfa;
}

Result<Dfa> intersect(const Dfa& left, const Dfa& right) {
  return product(left, right, false);
}

Result<Dfa> subtract(const Dfa& left, const Dfa& right) {
  return product(left, right, true);
}

std::size_t edges_of(const Dfa& dfa) {
  std::size_t edges = 0;
  for (const Dfa::State& state : dfa.states) edges += state.edges.size();
  return edges;
}

bool is_empty(const Dfa& dfa) {
  return !find_useful(dfa)[0];
}

// States whose last edge has been followed are counted down from the ends; what is left over is on a cycle.
std::optional<std::size_t> longest_text(const Dfa& dfa) {
  const Dfa useful = reduced(dfa);  // every state leads to a text
  if (is_empty(useful)) return std::nullopt;
  std::vector<std::vector<std::uint32_t>> before(useful.states.size());
  std::vector<std::size_t> edges_left(useful.states.size()), longest(useful.states.size(), 0);
  std::vector<std::uint32_t> ready;
  for (std::uint32_t state = 0; state < useful.states.size(); ++state) {
    for (const Dfa::Edge& edge : useful.states[state].edges) before[edge.next].push_back(state);
    edges_left[state] = useful.states[state].edges.size();
    if (edges_left[state] == 0) ready.push_back(state);
  }
  std::size_t done = 0;
  for (; done < ready.size(); ++done) {
    const std::uint32_t own = ready[done];
    for (const std::uint32_t state : before[own]) {
      longest[state] = std::max(longest[state], longest[own] + 1);
      if (--edges_left[state] == 0) ready.push_back(state);
    }
  }
  return done == useful.states.size() ? std::optional(longest[0]) : std::nullopt;
}

bool matches(const Dfa& dfa, std::string_view text) {
  std::uint32_t state = 0;
  while (!text.empty()) {
    const Utf8Step step = read_utf8(text);
    text.remove_prefix(step.bytes);
    std::size_t index = 0;
    state = target_at(dfa.states[state].edges, index, step.code_point);
    if (state == kNowhere) return false;
  }
  return dfa.states[state].accepts;
}

Dfa reduced(const Dfa& dfa) {
  std::vector<bool> is_useful = find_useful(dfa);
  is_useful[0] = true;
  const std::vector<std::uint32_t> class_of = classes_of(dfa, is_useful);
  // Numbers in the order in which they are met from the start, which makes the start number 0.
  std::vector<std::uint32_t> order;
  std::vector<std::uint32_t> number(dfa.states.size(), kNowhere);  // by class
  const auto number_of = [&](std::uint32_t state) {
    std::uint32_t& own = number[class_of[state]];
    if (own == kNowhere) {
      own = static_cast<std::uint32_t>(order.size());
      order.push_back(state);
    }
    return own;
  };
  number_of(0);
  Dfa made;
  for (std::size_t at = 0; at < order.size(); ++at) {
    Dfa::State state;
    state.accepts = dfa.states[order[at]].accepts;
    for (const Dfa::Edge& edge : dfa.states[order[at]].edges) {
      if (!is_useful[edge.next]) continue;
      const std::uint32_t next = number_of(edge.next);
      if (!state.edges.empty() && state.edges.back().next == next && state.edges.back().high + 1 == edge.low) {
        state.edges.back().high = edge.high;
      } else {
        state.edges.push_back({edge.low, edge.high, next});
      }
    }
    made.states.push_back(std::move(state));
  }
  return made;
}

}  // namespace sixfold::grammar
