// Text to GraphQL's words and signs.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "service/graphql/error.h"

namespace sixfold::service::graphql {

struct Token {
  enum class Kind { kEnd, kSign, kName, kInt, kFloat, kString };
  Kind kind = Kind::kEnd;
  std::string text;  // of a string: what it means; of a sign: "{", "...", "!"
  Location where;
};

// The last one is kEnd.  Errors: what GraphQL does not have, and more than kTokensMax tokens.
Outcome<std::vector<Token>> read_tokens(std::string_view text);

}  // namespace sixfold::service::graphql
