// Tokens to statements.
#pragma once
#include <vector>

#include "core/result.h"
#include "tokenizer/jinja/ast.h"
#include "tokenizer/jinja/lexer.h"

namespace sixfold::tokenizer::jinja {

// Errors: corrupt_data "line N: want ..., got ..."; also when tags or parentheses are nested deeper than we follow.
Result<std::vector<Statement>> parse_template(const std::vector<Token>& tokens);

}  // namespace sixfold::tokenizer::jinja
