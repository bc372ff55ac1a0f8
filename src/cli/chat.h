// A conversation in the terminal.
#pragma once
#include <string>

#include "core/result.h"
#include "service/backend.h"

namespace sixfold::cli {

struct ChatOptions {
  service::GenerateRequest request;  // sampling and limits; the input is replaced every turn
  std::string system;
  bool is_chat_model = true;  // false: every turn continues the text so far
  bool hides_stats = false;
};

// Reads lines (with history and editing) until Ctrl-D or /bye; Ctrl-C stops an answer, and at the prompt clears the
// line.
Status chat(service::Backend& backend, const ChatOptions& options);

}  // namespace sixfold::cli
