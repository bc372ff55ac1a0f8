// Items to messages: calls join the assistant's message before them, and reasoning the one after it, as chat templates
// want them.  Source: OpenAI's API reference, "Create a model response".
#include "service/responses/input.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "service/openai_fields.h"
#include "service/openai_output.h"

namespace sixfold::service {
namespace {

// Text of parts of these kinds, joined.
std::string read_parts(FieldReader& owner, std::string_view name, const std::vector<std::string_view>& kinds) {
  const json::value* value = owner.find(name);
  if (value == nullptr) {
    owner.refuse(name, "want a string or an array of text parts, got none");
    return {};
  }
  if (value->is_string()) return std::string(value->get_string());
  if (!value->is_array()) {
    owner.refuse(name, "a string or an array of text parts", *value);
    return {};
  }
  std::string text;
  for_each_object(owner, name, value->get_array(), [&](FieldReader& part) {
    const auto kind = part.text("type");
    if (!kind || std::find(kinds.begin(), kinds.end(), *kind) == kinds.end()) {
      part.refuse("type", fmt::format("only parts of text (\"{}\") are supported", kinds.front()));
    }
    check_fields(part, {"type", "text"}, {{"annotations", "", {}}, {"logprobs", "", {}}});
    text += part.text("text").value_or("");
    if (part.find("text") == nullptr) part.refuse("text", "want a string, got none");
  });
  return text;
}

class ItemReader {
 public:
  explicit ItemReader(std::vector<tokenizer::ChatMessage>& messages) : messages_(messages) {}

  void read(FieldReader& item) {
    const std::string_view kind = item.text("type").value_or("message");
    if (kind == "message") return read_message(item);
    if (kind == "function_call") return read_call(item);
    if (kind == "function_call_output") return read_output(item);
    if (kind == "reasoning") return read_reasoning(item);
    item.refuse("type", fmt::format("only messages, function calls, their outputs and reasoning are supported, got "
                                    "\"{}\"",
                                    kind));
  }

 private:
  void read_message(FieldReader& item) {
    check_fields(item, {"type", "role", "content"}, {{"id", "", {}}, {"status", "", {}}, {"phase", "", {}}});
    std::string role(item.text("role").value_or(""));
    if (role == "developer") role = "system";
    if (role != "system" && role != "user" && role != "assistant") {
      const json::value* got = item.find("role");
      return item.refuse("role", R"("user", "assistant", "system" or "developer")",
                         got == nullptr ? json::value(nullptr) : *got);
    }
    std::string text = read_parts(item, "content", {"input_text", "output_text", "text"});
    if (role != "assistant") {
      messages_.push_back({std::move(role), std::move(text)});
      is_answering_ = false;
      return;
    }
    tokenizer::ChatMessage& message = assistant();
    if (!message.content.empty() || !message.tool_calls.empty()) is_answering_ = false;
    assistant().content = std::move(text);
  }

  void read_call(FieldReader& item) {
    check_fields(item, {"type", "call_id", "name", "arguments"}, {{"id", "", {}}, {"status", "", {}}});
    tokenizer::ChatToolCall call;
    call.id = item.text("call_id").value_or("");
    call.name = item.text("name").value_or("");
    call.arguments = item.text("arguments").value_or("{}");
    if (call.id.empty()) item.refuse("call_id", "want a string, got none");
    if (call.name.empty()) item.refuse("name", "want a string, got none");
    assistant().tool_calls.push_back(std::move(call));
  }

  void read_output(FieldReader& item) {
    check_fields(item, {"type", "call_id", "output"}, {{"id", "", {}}, {"status", "", {}}});
    tokenizer::ChatMessage message{"tool", ""};
    message.tool_call_id = item.text("call_id").value_or("");
    if (message.tool_call_id.empty()) item.refuse("call_id", "want a string, got none");
    message.content = read_parts(item, "output", {"input_text", "output_text"});
    messages_.push_back(std::move(message));
    is_answering_ = false;
  }

  // Its text, if it carries one: summaries are not what the model thought.
  void read_reasoning(FieldReader& item) {
    check_fields(item, {"type", "content"},
                 {{"id", "", {}}, {"summary", "", {}}, {"status", "", {}}, {"encrypted_content", "", {}}});
    if (item.find("content") == nullptr) return;
    const std::string text = read_parts(item, "content", {"reasoning_text"});
    is_answering_ = false;
    if (!text.empty()) assistant().reasoning_content = text;
  }

  // The assistant's message that goes on, or a new one.
  tokenizer::ChatMessage& assistant() {
    if (!is_answering_) messages_.push_back({"assistant", ""});
    is_answering_ = true;
    return messages_.back();
  }

  std::vector<tokenizer::ChatMessage>& messages_;
  bool is_answering_ = false;  // the last message is the assistant's and takes more
};

// The item with an id of ours when it has none.
std::string stored_item(json::object item) {
  const json::value* kind = item.if_contains("type");
  if (kind == nullptr) item["type"] = "message";
  const std::string_view name = item["type"].is_string() ? std::string_view(item["type"].get_string()) : "";
  if (!item.contains("id")) item["id"] = make_answer_id(name == "function_call" ? "fc_" : "msg_");
  return json::serialize(item);
}

}  // namespace

void read_responses_input(FieldReader& reader, ResponsesCall& call) {
  const json::value* input = reader.find("input");
  if (input == nullptr) return reader.refuse("input", "want a string or an array of items, got none");
  if (input->is_string()) {
    call.input.push_back({"user", std::string(input->get_string())});
    const json::array content{json::object{{"type", "input_text"}, {"text", input->get_string()}}};
    call.items.push_back(stored_item({{"type", "message"}, {"role", "user"}, {"content", content}}));
    return;
  }
  if (!input->is_array() || input->get_array().empty()) {
    return reader.refuse("input", "a string or an array of at least one item", *input);
  }
  ItemReader items(call.input);
  for_each_object(reader, "input", input->get_array(), [&](FieldReader& item) {
    items.read(item);
    if (item.is_ok()) call.items.push_back(stored_item(item.fields()));
  });
}

}  // namespace sixfold::service
