// The fields by which requests ask for structured output, in the spellings of OpenAI, llama.cpp and vLLM.
#pragma once
#include <string_view>
#include <vector>

#include "service/backend.h"
#include "service/json.h"

namespace sixfold::service {

// response_format, grammar, json_schema, regex, choice, guided_json, guided_regex, guided_choice, guided_grammar,
// structured_outputs.
const std::vector<std::string_view>& output_rule_fields();

// Reads those fields.  Refuses two of them at once, and whatever cannot be enforced, with the reason.
void read_output_rule(FieldReader& reader, OutputRule& rule);

// Any JSON object as the whole answer.
OutputRule rule_of_json_object();

// {"type": "json_schema", "schema"}, with "name", "description" and "strict" or without, as OpenAI's Responses and
// Anthropic's Messages have it.
void read_schema_format(FieldReader& format, OutputRule& rule);

// A JSON Schema as the rule for a whole answer.  Errors: as grammar::rules_of_schema.
Result<OutputRule> rule_of_schema(const json::value& schema);

}  // namespace sixfold::service
