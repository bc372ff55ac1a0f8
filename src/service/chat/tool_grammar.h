// The grammar that makes an answer a call of the request's tools, in the form that the model writes.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "core/json.h"
#include "core/result.h"
#include "service/backend.h"
#include "service/chat/chat_format.h"

namespace sixfold::service {

// GBNF rules for a JSON Schema, the first of them named `rule`: grammar::rules_of_schema.
using SchemaRules = std::function<Result<std::string>(const json::value& schema, std::string_view rule)>;

// For a request whose calls are required: the whole answer is calls.  Otherwise: what begins as a call is one.
// open_reasoning: the prompt ends within the reasoning, after which required calls come; null: it does not.
// The rule is empty when no call may come.
// Errors: invalid_argument naming the tool ("tools[2].parameters: ...") for a schema that cannot be enforced and must
// be, because the tool is strict; the arguments of others are then any object.
Result<OutputRule> make_tool_rule(const GenerateRequest& request, const ToolFormat& format,
                                  const ReasoningFormat* open_reasoning, const SchemaRules& rules_of_schema);

// Text as a GBNF literal.
std::string grammar_literal(std::string_view text);

}  // namespace sixfold::service
