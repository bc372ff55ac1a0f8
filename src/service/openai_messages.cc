// The messages of a chat body: roles, text, calls that were made and their results.
#include <fmt/format.h>

#include <string>
#include <utility>

#include "core/limits.h"
#include "service/openai_fields.h"

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
  for (std::size_t index = 0; index < content->get_array().size(); ++index) {
    const json::value& item = content->get_array()[index];
    const std::string path = fmt::format("content[{}]", index);
    if (!item.is_object()) {
      message.refuse(path, "an object", item);
      return text;
    }
    FieldReader part(item.get_object(), message.path_of(path));
    const auto kind = part.text("type");
    if (kind && *kind != "text") {
      part.refuse("type", fmt::format("only \"text\" parts are supported, got {}", shown_json(*part.find("type"))));
    } else if (!kind && part.is_ok()) {
      part.refuse("type", "want \"text\", got none");
    }
    const auto piece = part.text("text");
    if (!piece && part.is_ok()) part.refuse("text", "want a string, got none");
    if (!part.is_ok()) {
      message.refuse(*part.refusal());
      return text;
    }
    text += *piece;
  }
  return text;
}

// Arguments are JSON in a string; some clients send the object itself.
std::string read_arguments(FieldReader& function) {
  const json::value* arguments = function.find("arguments");
  if (arguments == nullptr) return "{}";
  if (arguments->is_object()) return json::serialize(*arguments);
  return std::string(function.text("arguments").value_or(""));
}

tokenizer::ChatToolCall read_call(FieldReader& call) {
  tokenizer::ChatToolCall read;
  check_fields(call, {"id", "type", "function"}, {{"index", "", {}}});
  read.id = call.text("id").value_or("");
  const auto kind = call.text("type");
  if (kind && *kind != "function") call.refuse("type", "\"function\"", *call.find("type"));
  const json::object* fields = call.object("function");
  if (fields == nullptr) {
    call.refuse("function", "want an object, got none");
    return read;
  }
  FieldReader function(*fields, call.path_of("function"));
  check_fields(function, {"name", "arguments"}, {});
  read.name = function.text("name").value_or("");
  if (read.name.empty()) function.refuse("name", "want a string of at least one byte");
  read.arguments = read_arguments(function);
  if (!function.is_ok()) call.refuse(*function.refusal());
  return read;
}

std::vector<tokenizer::ChatToolCall> read_calls(FieldReader& message) {
  std::vector<tokenizer::ChatToolCall> calls;
  const json::array* array = message.array("tool_calls");
  if (array == nullptr) return calls;
  for (std::size_t index = 0; index < array->size(); ++index) {
    const std::string path = fmt::format("tool_calls[{}]", index);
    const json::value& item = (*array)[index];
    if (!item.is_object()) {
      message.refuse(path, "an object", item);
      return calls;
    }
    FieldReader call(item.get_object(), message.path_of(path));
    calls.push_back(read_call(call));
    if (!call.is_ok()) message.refuse(*call.refusal());
  }
  return calls;
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
  read.tool_calls = read_calls(message);
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
  for (std::size_t index = 0; index < array->size(); ++index) {
    const json::value& item = (*array)[index];
    const std::string path = fmt::format("messages[{}]", index);
    if (!item.is_object()) {
      reader.refuse(path, "an object", item);
      return messages;
    }
    FieldReader message(item.get_object(), path);
    messages.push_back(read_message(message));
    if (!message.is_ok()) {
      reader.refuse(*message.refusal());
      return messages;
    }
  }
  return messages;
}

}  // namespace sixfold::service
