// The tree of a regular expression.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "grammar/char_set.h"

namespace sixfold::grammar {

struct RegexTree {
  enum class Kind {
    kSet,       // one character of set
    kBegin,     // ^
    kEnd,       // $
    kAhead,     // (?=parts[0]): only behind ^ at the beginning of the whole pattern, as the next one
    kNotAhead,  // (?!parts[0])
    kSequence,  // parts, one behind the other
    kChoice,    // one of parts
    kRepeat,    // parts[0], `least` to `most` times
  };
  static constexpr std::uint32_t kUnlimited = 0xFFFFFFFF;

  Kind kind = Kind::kSequence;
  CharSet set;
  std::uint32_t least = 0;
  std::uint32_t most = 0;
  std::vector<RegexTree> parts;
};

// Errors: as dfa_of_regex, but for the automaton's size.
Result<RegexTree> parse_regex(std::string_view pattern);

}  // namespace sixfold::grammar
