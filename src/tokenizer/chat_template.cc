// Chat templates: the model's own Jinja, or a fallback written in Jinja too.  Templates differ in how they want calls
// and say so nowhere, so each is tried once on a small conversation, as it is made.
#include "tokenizer/chat_template.h"

#include <algorithm>
#include <optional>

#include "core/error.h"
#include "tokenizer/chat_fallbacks.h"
#include "tokenizer/jinja/json_value.h"
#include "tokenizer/jinja/template.h"

namespace sixfold::tokenizer {
namespace {

using jinja::Value;

// Arguments that are no JSON object are shown as they are: a template that wants text needs no more.
Value arguments_value(const std::string& arguments, bool wants_text) {
  if (wants_text) return Value::string(arguments.empty() ? "{}" : arguments);
  if (arguments.empty()) return Value::dict({});
  auto value = jinja::value_of_json_text(arguments, "arguments");
  return value.is_ok() && value->is_dict() ? *std::move(value) : Value::string(arguments);
}

Value calls_value(const std::vector<ChatToolCall>& calls, const ChatAbilities& abilities) {
  jinja::List list;
  for (const ChatToolCall& call : calls) {
    jinja::Dict function;
    function.set("name", Value::string(call.name));
    function.set("arguments", arguments_value(call.arguments, abilities.wants_arguments_as_text));
    jinja::Dict entry;
    if (!call.id.empty()) entry.set("id", Value::string(call.id));
    entry.set("type", Value::string("function"));
    entry.set("function", Value::dict(std::move(function)));
    list.push_back(Value::dict(std::move(entry)));
  }
  return Value::list(std::move(list));
}

Value message_value(const ChatMessage& message, const ChatAbilities& abilities) {
  jinja::Dict entry;
  entry.set("role", Value::string(message.role));
  const bool is_null = !message.tool_calls.empty() && message.content.empty() && abilities.wants_null_content;
  entry.set("content", is_null ? Value::none() : Value::string(message.content));
  // Templates ask whether a key is defined: what a message does not have stays out of it.
  if (!message.reasoning_content.empty()) entry.set("reasoning_content", Value::string(message.reasoning_content));
  if (!message.tool_calls.empty()) entry.set("tool_calls", calls_value(message.tool_calls, abilities));
  if (!message.tool_call_id.empty()) entry.set("tool_call_id", Value::string(message.tool_call_id));
  if (!message.name.empty()) entry.set("name", Value::string(message.name));
  return Value::dict(std::move(entry));
}

// For templates that show earlier calls and leave it to others to say which tools there are.
std::string described_tools(const std::vector<ChatTool>& tools) {
  std::string text = "You may call these functions:\n";
  for (const ChatTool& tool : tools) text += tool.definition + "\n";
  return text;
}

std::vector<ChatMessage> with_described_tools(std::vector<ChatMessage> messages, const std::vector<ChatTool>& tools) {
  std::string text = described_tools(tools);
  if (!messages.empty() && messages.front().role == "system") {
    messages.front().content += "\n\n" + text;
  } else {
    messages.insert(messages.begin(), ChatMessage{"system", std::move(text)});
  }
  return messages;
}

// Texts that no template writes by itself.
constexpr std::string_view kProbeTool = "sixfold_probe_tool";
constexpr std::string_view kProbeCall = "sixfold_probe_call";
constexpr std::string_view kProbeArgument = "sixfold_probe_value";

class JinjaChatTemplate final : public ChatTemplate {
 public:
  JinjaChatTemplate(std::string name, std::string source, jinja::Template compiled)
      : name_(std::move(name)),
        source_(std::move(source)),
        template_(std::move(compiled)),
        abilities_(find_abilities()) {}

  Result<std::string> render(const ChatInput& input) const override {
    if (!input.tools.empty() && !abilities_.shows_tools) {
      if (!abilities_.shows_tool_calls) {
        return invalid_argument("tools: the chat template of this model ({}) cannot show them", name_);
      }
      ChatInput described = input;
      described.tools.clear();
      described.messages = with_described_tools(std::move(described.messages), input.tools);
      return render_with(described, abilities_);
    }
    const bool has_calls = std::any_of(input.messages.begin(), input.messages.end(),
                                       [](const ChatMessage& message) { return !message.tool_calls.empty(); });
    if (has_calls && !abilities_.shows_tool_calls) {
      return invalid_argument("messages: the chat template of this model ({}) cannot show tool calls", name_);
    }
    return render_with(input, abilities_);
  }

  std::string_view name() const override { return name_; }
  std::string_view source() const override { return source_; }
  const ChatAbilities& abilities() const override { return abilities_; }

 private:
  Result<std::string> render_with(const ChatInput& input, const ChatAbilities& abilities) const;
  ChatAbilities find_abilities() const;
  bool shows_probe_call(const ChatAbilities& abilities, const std::vector<ChatTool>& tools) const;

  const std::string name_;
  const std::string source_;
  const jinja::Template template_;
  const ChatAbilities abilities_;
};

Result<std::string> JinjaChatTemplate::render_with(const ChatInput& input, const ChatAbilities& abilities) const {
  jinja::Dict variables;
  if (!input.arguments.empty()) {
    SIXFOLD_TRY(const Value arguments, jinja::value_of_json_text(input.arguments, "chat_template_kwargs"));
    if (!arguments.is_dict()) {
      return invalid_argument("chat_template_kwargs: want an object, got {}", arguments.kind_name());
    }
    variables = arguments.as_dict();
  }
  // After the caller's own, which must not replace them.
  jinja::List messages;
  for (const ChatMessage& message : input.messages) messages.push_back(message_value(message, abilities));
  variables.set("messages", Value::list(std::move(messages)));
  variables.set("add_generation_prompt", Value::boolean(input.adds_generation_prompt));
  variables.set("bos_token", Value::string(input.bos_token));
  variables.set("eos_token", Value::string(input.eos_token));
  variables.set("documents", Value::none());
  jinja::List tools;
  for (const ChatTool& tool : input.tools) {
    SIXFOLD_TRY(Value definition, jinja::value_of_json_text(tool.definition, "tools"));
    tools.push_back(std::move(definition));
  }
  variables.set("tools", input.tools.empty() ? Value::none() : Value::list(std::move(tools)));
  return template_.render(variables, input.now_unix_seconds);
}

bool JinjaChatTemplate::shows_probe_call(const ChatAbilities& abilities, const std::vector<ChatTool>& tools) const {
  ChatInput input;
  input.tools = tools;
  ChatMessage call{"assistant", ""};
  // Mistral's templates want identifiers of nine letters or digits.
  call.tool_calls = {{"abcdefghi", std::string(kProbeCall), R"({"a": ")" + std::string(kProbeArgument) + R"("})"}};
  ChatMessage result{"tool", "1"};
  result.tool_call_id = "abcdefghi";
  result.name = kProbeCall;
  input.messages = {{"user", "a"}, std::move(call), std::move(result)};
  const auto text = render_with(input, abilities);
  // A template that wanted the other form gives text in quotes of its own, or an object as Python prints it.
  const auto shows = [&](std::string_view before) {
    return text->find(std::string(before) + std::string(kProbeArgument)) != std::string::npos;
  };
  return text.is_ok() && text->find(kProbeCall) != std::string::npos && shows("") && !shows("\\\"") && !shows("'");
}

ChatAbilities JinjaChatTemplate::find_abilities() const {
  ChatAbilities abilities;
  const std::string definition = R"({"type": "function", "function": {"name": ")" + std::string(kProbeTool) +
                                 R"(", "description": "b", "parameters": {"type": "object", "properties": {}}}})";
  const std::vector<ChatTool> tools = {{std::string(kProbeTool), definition, "", false}};
  ChatInput input;
  input.messages = {{"user", "a"}};
  input.tools = tools;
  const auto text = render_with(input, abilities);
  abilities.shows_tools = text.is_ok() && text->find(kProbeTool) != std::string::npos;
  for (const bool wants_text : {false, true}) {
    for (const bool wants_null : {false, true}) {
      if (abilities.shows_tool_calls) break;
      ChatAbilities tried = abilities;
      tried.wants_arguments_as_text = wants_text;
      tried.wants_null_content = wants_null;
      if (!shows_probe_call(tried, abilities.shows_tools ? tools : std::vector<ChatTool>())) continue;
      abilities = tried;
      abilities.shows_tool_calls = true;
    }
  }
  return abilities;
}

}  // namespace

Result<std::unique_ptr<ChatTemplate>> make_chat_template(std::string_view source, const Vocabulary& vocabulary) {
  const bool is_own = !source.empty();
  const ChatFallback& fallback = choose_chat_fallback(vocabulary);
  const std::string_view chosen = is_own ? source : fallback.source;
  auto compiled = jinja::Template::compile(chosen);
  if (!compiled.is_ok()) return with_context(std::move(compiled).error(), "chat template");
  return std::unique_ptr<ChatTemplate>(std::make_unique<JinjaChatTemplate>(
      is_own ? "model's own" : std::string(fallback.name), std::string(chosen), *std::move(compiled)));
}

}  // namespace sixfold::tokenizer
