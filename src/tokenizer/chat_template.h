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

// A call that the assistant made earlier in the conversation.
struct ChatToolCall {
  std::string id;
  std::string name;
  std::string arguments;  // JSON text, of an object as a rule; other text is shown to the template as a string
};

struct ChatMessage {
  std::string role;  // "system", "user", "assistant", "tool"
  std::string content;
  std::vector<ChatToolCall> tool_calls = {};  // of the assistant
  std::string tool_call_id = {};              // of role "tool": the call that this is the result of
  std::string name = {};                      // of the tool, or of who speaks; empty: not given
  std::string reasoning_content = {};         // what the assistant thought before it answered
};

// A function that the model may call.
struct ChatTool {
  std::string name;
  std::string definition;  // JSON text as templates show it: {"type": "function", "function": {...}}
  std::string parameters;  // JSON Schema of its arguments, JSON text; empty: any object
  bool is_loose = false;   // arguments need not follow a schema that cannot be enforced
};

struct ChatInput {
  std::vector<ChatMessage> messages;
  std::vector<ChatTool> tools = {};
  std::string arguments =
      {};  // further variables of the template: JSON text of an object ("enable_thinking"); or empty
  bool adds_generation_prompt = true;
  std::string bos_token = {}, eos_token = {};  // their text
  std::int64_t now_unix_seconds = 0;           // for strftime_now
};

// What a template does with the parts of a conversation that not every model knows.
struct ChatAbilities {
  bool shows_tools = false;       // the list of tools
  bool shows_tool_calls = false;  // earlier calls
  // How it wants a call's arguments and the content of a message that has nothing but calls.
  bool wants_arguments_as_text = false;
  bool wants_null_content = false;
};

// Immutable, thread-safe.
class ChatTemplate {
 public:
  virtual ~ChatTemplate() = default;
  // Tools of a template that shows earlier calls but no list of tools are described in the system message.
  // Errors: invalid_argument when the template refuses the messages (its own words), knows no tools but is given some,
  // or exceeds the step limit.
  virtual Result<std::string> render(const ChatInput& input) const = 0;
  virtual std::string_view name() const = 0;  // "model's own", or the family fallback's name
  virtual std::string_view source() const = 0;
  virtual const ChatAbilities& abilities() const = 0;
};

// Compiles the model's Jinja template; with an empty source, a fallback chosen from the vocabulary's special tokens
// (ChatML, Llama 2, Llama 3, Gemma ...), else plain "role: content" lines.
// Errors: corrupt_data for a template that does not parse (line and column).
Result<std::unique_ptr<ChatTemplate>> make_chat_template(std::string_view source, const Vocabulary& vocabulary);

}  // namespace sixfold::tokenizer
