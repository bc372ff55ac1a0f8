// The conversation of a body in ollama's shape.
#pragma once
#include <vector>

#include "service/json.h"
#include "tokenizer/chat_template.h"

namespace sixfold::service {

// "messages"; empty when there are none, which only asks for the model to be loaded.  ollama's calls need no ids, and
// some chat templates want them: a call without one gets one, and a result without one belongs to the first call of
// its "tool_name", or of any name, that has no result yet.
std::vector<tokenizer::ChatMessage> read_ollama_messages(FieldReader& reader);

}  // namespace sixfold::service
