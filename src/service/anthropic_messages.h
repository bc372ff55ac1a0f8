// The conversation of a Messages body: its system text and its blocks.
#pragma once
#include <vector>

#include "service/json.h"
#include "tokenizer/chat_template.h"

namespace sixfold::service {

// "system" and "messages".  A user's results of calls become messages of role "tool", in their place.
std::vector<tokenizer::ChatMessage> read_anthropic_messages(FieldReader& reader);

}  // namespace sixfold::service
