// Bodies of /v1/chat/completions and /v1/completions to requests.
#include <fmt/format.h>

#include <string>
#include <utility>

#include "core/error.h"
#include "core/limits.h"
#include "service/openai_fields.h"
#include "service/texts.h"

namespace sixfold::service {
namespace {

// What OpenAI's completions endpoint generates when the body does not say.
constexpr std::size_t kCompletionTokensDefault = 16;

std::vector<std::string_view> with(const std::vector<std::string_view>& fields,
                                   std::initializer_list<std::string_view> more) {
  std::vector<std::string_view> all = fields;
  all.insert(all.end(), more);
  return all;
}

// Text of a message: a string, or text parts, which are joined.
std::string read_content(FieldReader& message) {
  const json::value* content = message.find("content");
  if (content == nullptr) {
    message.refuse("content", "want a string or an array of text parts, got none");
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

tokenizer::ChatMessage read_message(FieldReader& message) {
  static const std::vector<FieldRule> kRules = {
      // Parts of our own and OpenAI's answers that clients send back as history; none is shown to the model.
      {"refusal", "", {}},
      {"annotations", "", {}},
      {"reasoning_content", "", {}},
      {"name", "", {}},
      {"tool_calls", "tools are not supported", {}},
      {"function_call", "functions are not supported", {}},
      {"audio", "audio is not supported", {}},
      {"tool_call_id", "tools are not supported", {}},
  };
  check_fields(message, {"role", "content"}, kRules);
  std::string role(message.text("role").value_or(""));
  if (role == "developer") role = "system";
  if (role == "tool" || role == "function") {
    message.refuse("role", "tools are not supported");
  } else if (role != "system" && role != "user" && role != "assistant") {
    const json::value* got = message.find("role");
    message.refuse("role", "\"system\", \"developer\", \"user\" or \"assistant\"",
                   got == nullptr ? json::value(nullptr) : *got);
  }
  return {std::move(role), read_content(message)};
}

// best_of generates several and returns the likeliest; only the case where it changes nothing is possible here.
void check_best_of(FieldReader& reader, std::size_t choices) {
  const auto best_of = reader.integer("best_of", 1, static_cast<std::int64_t>(limits::kChoicesMax));
  if (best_of && static_cast<std::size_t>(*best_of) != choices) {
    reader.refuse(Refusal{
        invalid_argument("\"best_of\": only the value of \"n\" is supported, want {}, got {}", choices, *best_of),
        "best_of", "unsupported_parameter"});
  }
}

}  // namespace

void read_chat_logprobs(FieldReader& reader, GenerateRequest& request) {
  request.wants_logprobs = reader.boolean("logprobs").value_or(false);
  const auto alternatives = reader.integer("top_logprobs", 0, static_cast<std::int64_t>(limits::kLogprobsMax));
  if (!alternatives) return;
  request.logprobs = static_cast<std::size_t>(*alternatives);
  if (!request.wants_logprobs && request.logprobs > 0) {
    reader.refuse("top_logprobs", "only allowed when \"logprobs\" is true");
  }
}

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

Parsed<ChatCall> parse_chat(std::string_view body, const engine::SamplingOptions& sampling) {
  auto document = parse_object(body);
  if (auto* refusal = std::get_if<Refusal>(&document)) return std::move(*refusal);
  FieldReader reader(std::get<json::value>(document).get_object());
  static const std::vector<std::string_view> kKnown =
      with(generation_fields(),
           {"messages", "max_completion_tokens", "logprobs", "top_logprobs", "n", "stream", "stream_options"});
  check_fields(reader, kKnown, common_rules());
  ChatCall call;
  call.request.sampling = sampling;
  call.request.input = read_messages(reader);
  read_generation(reader, call.request);
  read_chat_logprobs(reader, call.request);
  call.stream = read_stream(reader);
  if (!reader.is_ok()) return *reader.refusal();
  return call;
}

Parsed<CompletionCall> parse_completion(std::string_view body, const engine::SamplingOptions& sampling) {
  auto document = parse_object(body);
  if (auto* refusal = std::get_if<Refusal>(&document)) return std::move(*refusal);
  FieldReader reader(std::get<json::value>(document).get_object());
  static const std::vector<std::string_view> kKnown =
      with(generation_fields(), {"prompt", "suffix", "echo", "logprobs", "best_of", "n", "stream", "stream_options"});
  check_fields(reader, kKnown, common_rules());

  GenerateRequest shared;
  shared.sampling = sampling;
  read_generation(reader, shared);
  if (!shared.tokens_max) shared.tokens_max = kCompletionTokensDefault;
  CompletionCall call;
  call.stream = read_stream(reader);
  call.echoes = reader.boolean("echo").value_or(false);
  call.suffix = reader.text("suffix").value_or("");
  if (call.echoes && !call.suffix.empty())
    reader.refuse("echo", "the middle of a text cannot be echoed with its prompt");
  if (const auto count = reader.integer("logprobs", 0, static_cast<std::int64_t>(limits::kLogprobsMax))) {
    shared.wants_logprobs = true;
    shared.logprobs = static_cast<std::size_t>(*count);
    if (call.echoes) reader.refuse("logprobs", "logprobs of an echoed prompt are not supported");
  }
  check_best_of(reader, shared.choices);
  std::vector<Text> prompts = read_texts(reader, "prompt", limits::kChoicesMax);
  if (prompts.size() * shared.choices > limits::kChoicesMax) {
    reader.refuse("n", fmt::format("want at most {} choices over all prompts, got {}", limits::kChoicesMax,
                                   prompts.size() * shared.choices));
  }
  for (const Text& prompt : prompts) {
    if (call.suffix.empty() || std::holds_alternative<std::string>(prompt)) continue;
    reader.refuse("prompt", "want text where there is a \"suffix\", got token ids");
  }
  if (!reader.is_ok()) return *reader.refusal();
  for (Text& prompt : prompts) {
    GenerateRequest request = shared;
    std::visit([&](auto& text) { request.input = std::move(text); }, prompt);
    call.requests.push_back(std::move(request));
  }
  return call;
}

}  // namespace sixfold::service
