// The messages of a chat body: roles, text, calls that were made and their results.
#include <fmt/format.h>

#include <string>
#include <utility>

#include "service/openai_fields.h"
#include "service/tools.h"

namespace sixfold::service {
namespace {

// Text of a message: a string, or text parts, which are joined.
std::string read_content(FieldReader& message, bool is_optional) {
  const json::value* content = message.find("content");
  if (content == nullptr) {
    if (!is_optional) message.refuse("content", "want a string or an array of text parts, got none");
    return {};
  }
  if (content->is_string()) return {content->get_string().data(), content->get_string().size()};
  if (!content->is_array()) {
    message.refuse("content", "a string or an array of text parts", *content);
    return {};
  }
  std::string text;
  for_each_object(message, "content", content->get_array(), [&](FieldReader& part) {
    const auto kind = part.text("type");
    if (kind && *kind != "text") {
      part.refuse("type", fmt::format("only \"text\" parts are supported, got {}", shown_json(*part.find("type"))));
    } else if (!kind && part.is_ok()) {
      part.refuse("type", "want \"text\", got none");
    }
    const auto piece = part.text("text");
    if (!piece && part.is_ok()) part.refuse("text", "want a string, got none");
    text += piece.value_or("");
  });
  return text;
}

tokenizer::ChatMessage read_message(FieldReader& message) {
  static const std::vector<FieldRule> kRules = {
      // Parts of our own and OpenAI's answers that clients send back as history; none is shown to the model.
      {"refusal", "", {}},
      {"annotations", "", {}},
      {"function_call", "functions are not supported, use \"tool_calls\"", {}},
      {"audio", "audio is not supported", {}},
  };
  check_fields(message, {"role", "content", "name", "tool_calls", "tool_call_id", "reasoning_content", "reasoning"},
               kRules);
  tokenizer::ChatMessage read;
  read.role = message.text("role").value_or("");
  if (read.role == "developer") read.role = "system";
  const bool is_assistant = read.role == "assistant", is_tool = read.role == "tool";
  if (read.role == "function") {
    message.refuse("role", "functions are not supported, use \"tool\"");
  } else if (read.role != "system" && read.role != "user" && !is_assistant && !is_tool) {
    const json::value* got = message.find("role");
    message.refuse("role", "\"system\", \"developer\", \"user\", \"assistant\" or \"tool\"",
                   got == nullptr ? json::value(nullptr) : *got);
  }
  read.name = message.text("name").value_or("");
  read.tool_call_id = message.text("tool_call_id").value_or("");
  if (is_tool && message.find("tool_call_id") == nullptr) {
    message.refuse("tool_call_id", "want the id of the call that this answers, got none");
  }
  if (!is_tool && !read.tool_call_id.empty()) message.refuse("tool_call_id", "only allowed with the role \"tool\"");
  read.tool_calls = read_tool_calls(message);
  if (!is_assistant && !read.tool_calls.empty()) {
    message.refuse("tool_calls", "only allowed with the role \"assistant\"");
  }
  // The second is the name of other servers for the same.
  read.reasoning_content = message.text("reasoning_content").value_or(message.text("reasoning").value_or(""));
  read.content = read_content(message, !read.tool_calls.empty() || !read.reasoning_content.empty());
  return read;
}

}  // namespace

std::vector<tokenizer::ChatMessage> read_messages(FieldReader& reader) {
  std::vector<tokenizer::ChatMessage> messages;
  const json::array* array = reader.array("messages");
  if (array == nullptr || array->empty()) {
    reader.refuse("messages", "want an array of at least one message");
    return messages;
  }
  messages.reserve(array->size());
  for_each_object(reader, "messages", *array, [&](FieldReader& message) { messages.push_back(read_message(message)); });
  return messages;
}

}  // namespace sixfold::service
