// Automata as right-linear rules: one rule a state.
#include <fmt/format.h>

#include <map>
#include <string>

#include "core/utf8.h"
#include "grammar/dfa.h"

namespace sixfold::grammar {
namespace {

// Characters that a JSON string cannot have as they are.
const CharSet& escaped_characters() {
  static const CharSet kEscaped = {{0, 0x1F}, {'"', '"'}, {'\\', '\\'}};
  return kEscaped;
}

std::string json_escape(char32_t character) {
  switch (character) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return fmt::format("\\u{:04x}", static_cast<unsigned>(character));
  }
}

// The alternatives that spell one character of the set, with " | " between them.
std::string spelled(const CharSet& set, Spelling spelling) {
  std::string out;
  const auto separate = [&] { out += out.empty() ? "" : " | "; };
  const CharSet plain = spelling == Spelling::kPlain ? set : set.minus(escaped_characters());
  if (!plain.is_empty()) append_class(out, plain);
  if (spelling == Spelling::kPlain) return out;
  const CharSet escaped = set.intersected(escaped_characters());
  for (const CharRange& range : escaped.ranges()) {
    for (char32_t character = range.low; character <= range.high; ++character) {
      separate();
      append_literal(out, json_escape(character));
    }
  }
  return out;
}

}  // namespace

std::size_t append_rules(std::string& out, const Dfa& dfa, std::string_view name, Spelling spelling) {
  const auto name_of = [&](std::size_t state) {
    return state == 0 ? std::string(name) : fmt::format("{}-{}", name, state);
  };
  for (std::size_t index = 0; index < dfa.states.size(); ++index) {
    const Dfa::State& state = dfa.states[index];
    std::map<std::uint32_t, CharSet> by_target;
    for (const Dfa::Edge& edge : state.edges) by_target[edge.next].add(edge.low, edge.high);
    out += name_of(index) + " ::=";
    bool is_first = true;
    if (state.accepts) {
      out += " \"\"";
      is_first = false;
    }
    for (const auto& [next, set] : by_target) {
      if (!is_first) out += " |";
      is_first = false;
      const bool ends_there = dfa.states[next].accepts && dfa.states[next].edges.empty();
      out += fmt::format(" ({})", spelled(set, spelling));
      if (!ends_there) out += " " + name_of(next);
    }
    if (is_first) out += " \"x\" " + name_of(index);  // has no end, so nothing matches
    out += '\n';
  }
  return dfa.states.size();
}

}  // namespace sixfold::grammar
