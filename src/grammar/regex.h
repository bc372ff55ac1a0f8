// Regular expressions, as far as they are regular.
#pragma once
#include <string>
#include <string_view>

#include "core/result.h"
#include "grammar/dfa.h"

namespace sixfold::grammar {

enum class RegexUse {
  kWhole,   // the whole text must match
  kSearch,  // some part of the text must match, as JSON Schema's "pattern" means it
};

// The texts that a pattern of ECMAScript's syntax matches, in its Unicode mode: alternatives, groups (named, too),
// classes, . \d \D \w \W \s \S, quantifiers (lazy ones match the same texts), ^ and $, escapes, and looking ahead
// right behind ^ at the beginning of the pattern.
// Errors: invalid_argument "position N: ..." for what is no pattern, and for what is not regular or not supported:
// other looking around, references back, \b, \p{...}, flags; resource_exhausted when its automaton is larger than
// limits::kDfaStatesMax.
Result<Dfa> dfa_of_regex(std::string_view pattern, RegexUse use);

// Rules of GBNF, the first of them `rule_name`, for the texts that match as a whole.  Errors: as above, and
// invalid_argument when no text does.
Result<std::string> rules_of_regex(std::string_view pattern, std::string_view rule_name);

}  // namespace sixfold::grammar
