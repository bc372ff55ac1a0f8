// Sets of texts that finite automata recognise: what regular expressions, lengths and number ranges become.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "grammar/char_set.h"

namespace sixfold::grammar {

// Deterministic, over code points.  State 0 is the start.  A character without an edge is not allowed.
struct Dfa {
  struct Edge {
    char32_t low = 0;
    char32_t high = 0;  // inclusive
    std::uint32_t next = 0;
  };
  struct State {
    std::vector<Edge> edges;  // sorted, apart
    bool accepts = false;
  };
  std::vector<State> states;
};

Dfa dfa_of_texts(const std::vector<std::string>& texts);  // UTF-8
Dfa dfa_of_all();                                         // every text

// Texts that both have; texts that left has and right has not.
// Errors: resource_exhausted "more than ... states" or edges.
Result<Dfa> intersect(const Dfa& left, const Dfa& right);
Result<Dfa> subtract(const Dfa& left, const Dfa& right);

std::size_t edges_of(const Dfa& dfa);  // of all states together
bool is_empty(const Dfa& dfa);         // no text at all
// Characters of the longest text; nothing when there is none, or no longest one.
std::optional<std::size_t> longest_text(const Dfa& dfa);
bool matches(const Dfa& dfa, std::string_view text);

// The same texts with fewer states: those that lead nowhere are left out, equal ones are merged (when there are not so
// many that comparing them takes long).
Dfa reduced(const Dfa& dfa);

enum class Spelling {
  kPlain,
  kJsonString,  // as characters stand between the quotes of a JSON string, each in the way JSON.stringify writes it
};

// Appends rules of GBNF for the texts; the first is named `name`, further ones `name`-1, `name`-2 ...  Returns their
// number.  An automaton without texts makes rules that nothing matches.
std::size_t append_rules(std::string& out, const Dfa& dfa, std::string_view name, Spelling spelling);

}  // namespace sixfold::grammar
