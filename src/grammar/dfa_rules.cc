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

// What stands behind the backslash where JSON has a letter for the character; else 0.
char escape_letter(char32_t character) {
  switch (character) {
    case '"':
      return '"';
    case '\\':
      return '\\';
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

// The escapes of these characters, each in its shortest form, with as few alternatives as that takes: every position of
// a string has them.
std::string spelled_escapes(const CharSet& escaped) {
  CharSet letters;
  std::map<char32_t, CharSet> last_digits;  // by the digit before: \u00 and two digits
  for (const CharRange& range : escaped.ranges()) {
    for (char32_t character = range.low; character <= range.high; ++character) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      if (const char letter = escape_letter(character); letter != 0) {
        const auto own = static_cast<char32_t>(letter);
        letters.add(own, own);
      } else {
        const auto digit = static_cast<char32_t>(kDigits[character % 16]);
        last_digits[character / 16].add(digit, digit);
      }
    }
  }
  std::string out;
  if (!letters.is_empty()) append_class(out, letters);
  for (const auto& [digit, last] : last_digits) {
    out += fmt::format("{}\"u00{}\" ", out.empty() ? "" : " | ", static_cast<unsigned>(digit));
    append_class(out, last);
  }
  return out;
}

// The alternatives that spell one character of the set, with " | " between them.
std::string spelled(const CharSet& set, Spelling spelling) {
  std::string out;
  const CharSet plain = spelling == Spelling::kPlain ? set : set.minus(escaped_characters());
  if (!plain.is_empty()) append_class(out, plain);
  if (spelling == Spelling::kPlain) return out;
  const CharSet escaped = set.intersected(escaped_characters());
  if (escaped.is_empty()) return out;
  return out + fmt::format(R"({}"\\" ({}))", out.empty() ? "" : " | ", spelled_escapes(escaped));
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
