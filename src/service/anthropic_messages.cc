// Source: Anthropic's API reference, "Create a Message".
#include "service/anthropic_messages.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "service/openai_fields.h"

namespace sixfold::service {
namespace {

const std::vector<FieldRule>& block_rules() {
  // Where prompts are cached is ours to know, and where a text is quoted from changes nothing.
  static const std::vector<FieldRule> kRules = {{"cache_control", "", {}}, {"citations", "", {}}};
  return kRules;
}

// Calls `take` with a reader for each block of the array, "text" blocks and such; stops at the first that is refused.
template <class Take>
void for_each_block(FieldReader& owner, std::string_view name, const json::array& blocks, Take take) {
  for_each_object(owner, name, blocks, [&](FieldReader& block) {
    const auto kind = block.text("type");
    if (!kind && block.is_ok()) block.refuse("type", "want the kind of the block, got none");
    if (block.is_ok()) take(block, *kind);
  });
}

std::string text_of_block(FieldReader& block, std::string_view field) {
  const auto text = block.text(field);
  if (!text && block.is_ok()) block.refuse(field, "want a string, got none");
  return std::string(text.value_or(""));
}

void refuse_kind(FieldReader& block, std::string_view want) {
  block.refuse("type", fmt::format("only {} are supported here, got {}", want, shown_json(*block.find("type"))));
}

// A string, or text blocks, which are joined.
std::string read_text(FieldReader& owner, std::string_view name, std::string_view between) {
  const json::value* value = owner.find(name);
  if (value == nullptr) return {};
  if (value->is_string()) return std::string(value->get_string());
  if (!value->is_array()) {
    owner.refuse(name, "a string or an array of text blocks", *value);
    return {};
  }
  std::string text;
  for_each_block(owner, name, value->get_array(), [&](FieldReader& block, std::string_view kind) {
    if (kind != "text") return refuse_kind(block, "\"text\" blocks");
    check_fields(block, {"type", "text"}, block_rules());
    if (!text.empty()) text += between;
    text += text_of_block(block, "text");
  });
  return text;
}

tokenizer::ChatToolCall read_call(FieldReader& block) {
  tokenizer::ChatToolCall call;
  check_fields(block, {"type", "id", "name", "input"}, {{"cache_control", "", {}}, {"caller", "", {}}});
  call.id = text_of_block(block, "id");
  call.name = text_of_block(block, "name");
  const json::object* input = block.object("input");
  call.arguments = input == nullptr ? "{}" : json::serialize(*input);
  return call;
}

tokenizer::ChatMessage read_result(FieldReader& block) {
  tokenizer::ChatMessage result;
  check_fields(block, {"type", "tool_use_id", "content", "is_error"}, block_rules());
  result.role = "tool";
  result.tool_call_id = text_of_block(block, "tool_use_id");
  result.content = read_text(block, "content", "\n");
  if (block.boolean("is_error").value_or(false)) result.content = "Error: " + result.content;
  return result;
}

void read_assistant_block(FieldReader& block, std::string_view kind, tokenizer::ChatMessage& message) {
  if (kind == "text") {
    check_fields(block, {"type", "text"}, block_rules());
    message.content += text_of_block(block, "text");
  } else if (kind == "thinking") {
    check_fields(block, {"type", "thinking"}, {{"signature", "", {}}});
    message.reasoning_content += text_of_block(block, "thinking");
  } else if (kind == "redacted_thinking") {
    // Another server's; nobody but that server can read it.
  } else if (kind == "tool_use") {
    message.tool_calls.push_back(read_call(block));
  } else {
    refuse_kind(block, R"("text", "thinking" and "tool_use" blocks)");
  }
}

void read_user_block(FieldReader& block, std::string_view kind, std::vector<tokenizer::ChatMessage>& messages,
                     tokenizer::ChatMessage& message) {
  if (kind == "text") {
    check_fields(block, {"type", "text"}, block_rules());
    if (!message.content.empty()) message.content += "\n";
    message.content += text_of_block(block, "text");
  } else if (kind == "tool_result") {
    if (!message.content.empty()) messages.push_back(std::exchange(message, {"user", ""}));
    messages.push_back(read_result(block));
  } else {
    refuse_kind(block, R"("text" and "tool_result" blocks)");
  }
}

void read_message(FieldReader& reader, std::vector<tokenizer::ChatMessage>& messages) {
  check_fields(reader, {"role", "content"}, {});
  const std::string role(reader.text("role").value_or(""));
  if (role != "user" && role != "assistant") {
    const json::value* got = reader.find("role");
    return reader.refuse("role", R"("user" or "assistant")", got == nullptr ? json::value(nullptr) : *got);
  }
  tokenizer::ChatMessage message{role, ""};
  const json::value* content = reader.find("content");
  if (content == nullptr) return reader.refuse("content", "want a string or an array of blocks, got none");
  if (content->is_string()) {
    message.content = std::string(content->get_string());
    messages.push_back(std::move(message));
    return;
  }
  if (!content->is_array()) return reader.refuse("content", "a string or an array of blocks", *content);
  const std::size_t before = messages.size();
  for_each_block(reader, "content", content->get_array(), [&](FieldReader& block, std::string_view kind) {
    if (role == "user") {
      read_user_block(block, kind, messages, message);
    } else {
      read_assistant_block(block, kind, message);
    }
  });
  if (role == "assistant" || !message.content.empty() || messages.size() == before) {
    messages.push_back(std::move(message));
  }
}

}  // namespace

std::vector<tokenizer::ChatMessage> read_anthropic_messages(FieldReader& reader) {
  std::vector<tokenizer::ChatMessage> messages;
  const std::string system = read_text(reader, "system", "\n");
  if (!system.empty()) messages.push_back({"system", system});
  const json::array* array = reader.array("messages");
  if (array == nullptr || array->empty()) {
    reader.refuse("messages", "want an array of at least one message");
    return messages;
  }
  for_each_object(reader, "messages", *array, [&](FieldReader& message) { read_message(message, messages); });
  return messages;
}

}  // namespace sixfold::service
