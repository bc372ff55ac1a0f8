// Grammars as text, in llama.cpp's dialect of BNF, and the tree that such a text becomes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "grammar/char_set.h"

namespace sixfold::grammar {

struct Expression {
  enum class Kind {
    kLiteral,   // text
    kSet,       // one character of set
    kRule,      // what rule number `rule` matches
    kSequence,  // parts, one behind the other; none: the empty text
    kChoice,    // one of parts
    kRepeat,    // parts[0], at least `least` and at most `most` times
  };
  static constexpr std::uint32_t kUnlimited = std::numeric_limits<std::uint32_t>::max();

  Kind kind = Kind::kSequence;
  std::string text;  // bytes
  CharSet set;
  std::uint32_t rule = 0;
  std::uint32_t least = 0;
  std::uint32_t most = 0;
  std::vector<Expression> parts;
};

struct Rule {
  std::string name;
  std::size_t line = 0;  // where it is defined, from 1
  Expression body;
};

struct Syntax {
  std::vector<Rule> rules;
  std::uint32_t root = 0;  // the rule named "root"
};

// Reads rules `name ::= alternatives`.  An element is a literal "text", a class [a-z] or [^a-z], any character `.`, a
// rule's name or a group (...), and may be followed by * + ? {m} {m,} {,n} {m,n}.  Escapes in literals and classes:
// \n \r \t \\ \" \[ \] \- \^ \xHH \uHHHH \UHHHHHHHH; in a literal, \x80 and up are characters, not bytes.  `#` begins a
// comment.  A rule ends with its line, except in a group, behind `::=` and around `|`.
// Errors: invalid_argument "grammar: line L, column C: ...": what is not of this form, a rule that is defined twice or
// not at all, no rule "root", and more bytes, rules, elements, repetitions or nested groups than core/limits.h allows.
Result<Syntax> parse_gbnf(std::string_view text);

}  // namespace sixfold::grammar
