// Template source to tokens, with Jinja's whitespace rules applied.  Source: Jinja 3.1 documentation, "Template
// Designer".
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace sixfold::tokenizer::jinja {

enum class TokenType {
  kText,             // outside of tags
  kBlockBegin,       // {%
  kBlockEnd,         // %}
  kExpressionBegin,  // {{
  kExpressionEnd,    // }}
  kName,
  kString,  // without quotes, escapes resolved
  kInteger,
  kFloat,
  kOperator,
  kEnd,
};

struct Token {
  TokenType type = TokenType::kEnd;
  std::string text;
  int line = 1;
};

// trim_blocks and lstrip_blocks are on and one newline at the end is dropped, as chat templates expect.
// Errors: corrupt_data "line N: ..." (unclosed tag or string, character that starts no token).
Result<std::vector<Token>> tokenize_template(std::string_view source);

}  // namespace sixfold::tokenizer::jinja
