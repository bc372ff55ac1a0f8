// The grammar that an answer keeps to: calls of the request's tools in the form that the model writes, and the
// request's own rule.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "core/json.h"
#include "core/result.h"
#include "service/backend.h"
#include "service/chat/chat_format.h"
#include "service/chat/reasoning_split.h"

namespace sixfold::service {

// GBNF rules for a JSON Schema, the first of them named `rule`: grammar::rules_of_schema.
using SchemaRules = std::function<Result<std::string>(const json::value& schema, std::string_view rule)>;

// Required calls: the whole answer is calls.  Calls that may come: what begins as one is one; beside a rule of the
// request's own the answer is either.  open_reasoning: the prompt ends within the reasoning, and the rule holds behind
// it; null: it does not.  Empty when everything is allowed.
// Errors: invalid_argument naming the tool ("tools[2].parameters: ...") for a schema that cannot be enforced, unless
// the tool is loose: its arguments are then any object.
Result<OutputRule> make_answer_rule(const GenerateRequest& request, const ToolFormat& format,
                                    const ReasoningFormat* open_reasoning, const SchemaRules& rules_of_schema);

// Text as a GBNF literal.
std::string grammar_literal(std::string_view text);

// The grammar with another name for its rule "root".
std::string rename_root(std::string_view grammar, std::string_view name);

}  // namespace sixfold::service
