// JSON as RFC 8259 has it, but with bounds on numbers and on the space between parts, so that no answer consists of
// digits or spaces without end; and without halves of surrogate pairs, which many readers refuse.
#include "grammar/json_rules.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/limits.h"
#include "grammar/dfa.h"

namespace sixfold::grammar {

std::string json_helper_rules(std::string_view prefix) {
  static constexpr std::string_view kRules =
      R"gbnf(@-value ::= @-object | @-array | @-string | @-number | "true" | "false" | "null"
@-object ::= "{" @-ws (@-string @-colon @-value (@-comma @-string @-colon @-value)* @-ws)? "}"
@-array ::= "[" @-ws (@-value (@-comma @-value)* @-ws)? "]"
@-string ::= "\"" @-char* "\""
@-char ::= [^"\\\x00-\x1F] | "\\" (["\\/bfnrt] | "u" @-unit)
@-unit ::= ([0-9a-cefA-CEF] @-hex | [dD] [0-7]) @-hex @-hex | [dD] [89abAB] @-hex @-hex "\\u" [dD] [c-fC-F] @-hex @-hex
@-hex ::= [0-9a-fA-F]
@-number ::= "-"? ("0" | [1-9] [0-9]{0,20}) ("." [0-9]{1,20})? ([eE] [+-]? @-exponent)?
@-exponent ::= [0-9]{1,2} | "1" [0-9] [0-9] | "2" [0-7] [0-9]
@-integer ::= "0" | "-"? [1-9] [0-9]{0,17}
@-colon ::= ":" " "?
@-comma ::= "," @-ws
@-ws ::= (" " | "\n" " "{0,20})?
)gbnf";
  std::string rules;
  for (const char character : kRules) {
    if (character == '@') {
      rules += prefix;
    } else {
      rules += character;
    }
  }
  return rules;
}

std::string rules_of_json(JsonKind kind, std::string_view rule_name) {
  return fmt::format("{0} ::= {0}-{1}\n", rule_name, kind == JsonKind::kObject ? "object" : "value") +
         json_helper_rules(rule_name);
}

Result<std::string> rules_of_choice(const std::vector<std::string>& texts, std::string_view rule_name) {
  if (texts.empty() || texts.size() > limits::kChoiceTextsMax) {
    return invalid_argument("choice: {} texts, want 1 to {}", texts.size(), limits::kChoiceTextsMax);
  }
  std::size_t bytes = 0;
  for (const std::string& text : texts) {
    if (text.empty()) return invalid_argument("choice: an empty text");
    bytes += text.size();
  }
  if (bytes > limits::kChoiceBytesMax) {
    return invalid_argument("choice: {} bytes, want at most {}", bytes, limits::kChoiceBytesMax);
  }
  std::string rules;
  append_rules(rules, dfa_of_texts(texts), rule_name, Spelling::kPlain);
  return rules;
}

}  // namespace sixfold::grammar
