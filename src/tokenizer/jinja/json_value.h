// JSON as a template sees it: what Python's json.loads would have made of the text.
#pragma once
#include <string_view>

#include "core/json.h"
#include "core/result.h"
#include "tokenizer/jinja/value.h"

namespace sixfold::tokenizer::jinja {

// Keys keep their order.  Integers above the range of 64 bits become floats.
Value value_of_json(const json::value& value);

// name: what the text is, for messages.  Errors: invalid_argument for text that is not JSON or nested too deep.
Result<Value> value_of_json_text(std::string_view text, std::string_view name);

}  // namespace sixfold::tokenizer::jinja
