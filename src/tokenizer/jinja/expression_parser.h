// Parses one expression.
#pragma once
#include "core/result.h"
#include "tokenizer/jinja/ast.h"
#include "tokenizer/jinja/token_cursor.h"

namespace sixfold::tokenizer::jinja {

// A whole expression, conditional included.
Result<ExpressionPtr> parse_expression(TokenCursor& cursor);

// An expression or an unparenthesised tuple ("a, b"), as {% set %} takes it.
Result<ExpressionPtr> parse_tuple(TokenCursor& cursor);

// An expression without "x if y": what stands between "in" and "if" of a for tag.
Result<ExpressionPtr> parse_or(TokenCursor& cursor);

// "name(arguments) | name ..." after a {% filter %} tag, applied to a null child.
Result<ExpressionPtr> parse_filter_chain(TokenCursor& cursor, ExpressionPtr subject);

}  // namespace sixfold::tokenizer::jinja
