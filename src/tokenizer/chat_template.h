// Renders a conversation with a model's own chat template.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "tokenizer/vocabulary.h"

namespace sixfold::tokenizer {

struct ChatMessage {
  std::string role;  // "system", "user", "assistant", "tool"
  std::string content;
};

struct ChatInput {
  std::vector<ChatMessage> messages;
  bool adds_generation_prompt = true;
  std::string bos_token, eos_token;   // their text
  std::int64_t now_unix_seconds = 0;  // for strftime_now
};

// Immutable, thread-safe.
class ChatTemplate {
 public:
  virtual ~ChatTemplate() = default;
  // Errors: invalid_argument when the template refuses the messages (its own words) or exceeds the step limit.
  virtual Result<std::string> render(const ChatInput& input) const = 0;
  virtual std::string_view name() const = 0;  // "model's own", or the family fallback's name
};

// Compiles the model's Jinja template; with an empty source, a fallback chosen from the vocabulary's special tokens
// (ChatML, Llama 2, Llama 3, Gemma ...), else plain "role: content" lines.
// Errors: corrupt_data for a template that does not parse (line and column).
Result<std::unique_ptr<ChatTemplate>> make_chat_template(std::string_view source, const Vocabulary& vocabulary);

}  // namespace sixfold::tokenizer
