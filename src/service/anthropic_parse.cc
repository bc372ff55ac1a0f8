// Fields that the Messages API has beside the conversation.  Source: Anthropic's API reference, "Create a Message".
#include "service/anthropic_parse.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>

#include "core/limits.h"
#include "service/anthropic_messages.h"
#include "service/json.h"
#include "service/openai_fields.h"
#include "service/output_rule_fields.h"
#include "service/tools.h"

namespace sixfold::service {
namespace {

const std::vector<FieldRule>& message_rules() {
  static const std::vector<FieldRule> kRules = {
      // For the caller's own bookkeeping, and about speed only.
      {"metadata", "", {}},
      {"service_tier", "", {}},
      {"cache_control", "", {}},
      {"inference_geo", "", {}},
      // What this server cannot do, unless the value asks for nothing.
      {"container", "containers are not supported", {}},
      {"mcp_servers", "connecting to MCP servers is not supported", {}},
      {"context_management", "editing the context is not supported", {}},
  };
  return kRules;
}

// A tool as chat templates show it, whatever the dialect that it came in.
std::string definition_of(const tokenizer::ChatTool& tool, std::string_view description, const json::object* schema) {
  json::object function{{"name", tool.name}};
  if (!description.empty()) function["description"] = description;
  function["parameters"] = schema == nullptr ? json::object{{"type", "object"}} : *schema;
  return json::serialize(json::object{{"type", "function"}, {"function", std::move(function)}});
}

void read_tools(FieldReader& reader, GenerateRequest& request) {
  for_each_object(reader, "tools", [&](FieldReader& tool) {
    tokenizer::ChatTool read;
    const auto kind = tool.text("type");
    if (kind && *kind != "custom") {
      tool.refuse("type", fmt::format("only tools of your own (\"custom\") are supported, got \"{}\"", *kind));
    }
    check_fields(tool, {"type", "name", "description", "input_schema", "strict"},
                 {{"cache_control", "", {}}, {"input_examples", "", {}}, {"eager_input_streaming", "", {}}});
    read.name = tool.text("name").value_or("");
    const json::object* schema = tool.object("input_schema");
    if (schema == nullptr) tool.refuse("input_schema", "want an object, got none");
    if (schema != nullptr && !schema->empty()) read.parameters = json::serialize(*schema);
    read.is_loose = tool.boolean("strict") == false;
    read.definition = definition_of(read, tool.text("description").value_or(""), schema);
    if (tool.is_ok()) add_tool(tool, "name", std::move(read), request);
  });
}

void read_tool_choice(FieldReader& reader, GenerateRequest& request) {
  const json::object* fields = reader.object("tool_choice");
  if (fields == nullptr) return;
  FieldReader choice(*fields, "tool_choice");
  ToolChoice& read = request.tool_choice;
  const auto kind = choice.text("type");
  if (kind == "auto") {
    read.mode = ToolChoice::Mode::kAuto;
  } else if (kind == "any") {
    read.mode = ToolChoice::Mode::kRequired;
  } else if (kind == "none") {
    read.mode = ToolChoice::Mode::kNone;
  } else if (kind == "tool") {
    read.mode = ToolChoice::Mode::kRequired;
    read.names = {std::string(choice.text("name").value_or(""))};
    check_tool_exists(choice, "name", read.names.front(), request);
  } else {
    const json::value* got = choice.find("type");
    choice.refuse("type", R"("auto", "any", "tool" or "none")", got == nullptr ? json::value(nullptr) : *got);
  }
  check_fields(choice, {"type", "name", "disable_parallel_tool_use"}, {});
  read.is_single = choice.boolean("disable_parallel_tool_use").value_or(false);
  if (!choice.is_ok()) reader.refuse(*choice.refusal());
  if (read.mode == ToolChoice::Mode::kRequired && request.tools.empty()) {
    reader.refuse("tool_choice", "wants a call, but the request has no \"tools\"");
  }
}

void read_thinking(FieldReader& reader, MessagesCall& call) {
  const json::object* fields = reader.object("thinking");
  if (fields == nullptr) return;
  FieldReader thinking(*fields, "thinking");
  check_fields(thinking, {"type", "budget_tokens"}, {{"display", "", {}}});
  const auto kind = thinking.text("type");
  if (kind == "enabled") {
    const auto budget = thinking.integer("budget_tokens", 1024, static_cast<std::int64_t>(limits::kContextMax));
    if (!budget) thinking.refuse("budget_tokens", "want an integer of at least 1024, got none");
    if (budget && call.request.tokens_max && static_cast<std::size_t>(*budget) >= *call.request.tokens_max) {
      thinking.refuse("budget_tokens", "want less than \"max_tokens\"");
    }
    if (budget) call.request.reasoning_tokens_max = static_cast<std::size_t>(*budget);
    call.thinks = true;
  } else if (kind == "adaptive") {
    call.thinks = true;
  } else if (kind == "disabled") {
    call.thinks = false;
  } else {
    const json::value* got = thinking.find("type");
    thinking.refuse("type", R"("enabled", "adaptive" or "disabled")", got == nullptr ? json::value(nullptr) : *got);
  }
  if (!thinking.is_ok()) reader.refuse(*thinking.refusal());
}

void read_format(FieldReader& owner, std::string_view name, OutputRule& rule) {
  const json::object* fields = owner.object(name);
  if (fields == nullptr) return;
  FieldReader format(*fields, owner.path_of(name));
  if (format.text("type") == "json_schema") {
    read_schema_format(format, rule);
  } else {
    const json::value* got = format.find("type");
    format.refuse("type", R"("json_schema")", got == nullptr ? json::value(nullptr) : *got);
  }
  if (!format.is_ok()) owner.refuse(*format.refusal());
}

// "output_config": {"format", "effort"}; "output_format" is the older name of the first.
void read_output(FieldReader& reader, GenerateRequest& request) {
  read_format(reader, "output_format", request.output_rule);
  const json::object* fields = reader.object("output_config");
  if (fields == nullptr) return;
  FieldReader output(*fields, "output_config");
  check_fields(output, {"format", "effort"}, {{"task_budget", "budgets of tasks are not supported", {}}});
  if (output.find("format") != nullptr && !request.output_rule.grammar.empty()) {
    output.refuse("format", "want one format, got \"output_format\" too");
  }
  read_format(output, "format", request.output_rule);
  if (const auto effort = output.text("effort")) {
    constexpr std::array<std::string_view, 5> kLevels = {"low", "medium", "high", "xhigh", "max"};
    if (std::find(kLevels.begin(), kLevels.end(), *effort) == kLevels.end()) {
      output.refuse("effort", R"("low", "medium", "high", "xhigh" or "max")", *output.find("effort"));
    }
    // Whether a model thinks, "thinking" says.
    set_template_argument(request, "reasoning_effort", *output.find("effort"));
  }
  if (!output.is_ok()) reader.refuse(*output.refusal());
}

void read_sampling(FieldReader& reader, GenerateRequest& request) {
  engine::SamplingOptions& sampling = request.sampling;
  if (const auto value = reader.number("temperature", 0, 1)) sampling.temperature = static_cast<float>(*value);
  if (const auto value = reader.number("top_p", 0, 1)) {
    sampling.top_p = std::max(static_cast<float>(*value), std::numeric_limits<float>::min());
  }
  if (const auto value = reader.integer("top_k", 0, static_cast<std::int64_t>(limits::kVocabularyMax))) {
    sampling.top_k = static_cast<std::uint32_t>(*value);
  }
  if (reader.array("stop_sequences") != nullptr) {
    request.stop = reader.texts("stop_sequences", limits::kStopStringsMax, limits::kStopStringBytesMax);
  }
}

}  // namespace

Parsed<MessagesCall> parse_messages(std::string_view body, const engine::SamplingOptions& sampling, bool is_counting) {
  auto document = parse_object(body);
  if (auto* refusal = std::get_if<Refusal>(&document)) return std::move(*refusal);
  FieldReader reader(std::get<json::value>(document).get_object());
  check_fields(reader,
               {"model", "messages", "system", "max_tokens", "stop_sequences", "stream", "temperature", "top_p",
                "top_k", "tools", "tool_choice", "thinking", "output_config", "output_format"},
               message_rules());
  MessagesCall call;
  call.request.sampling = sampling;
  call.request.model = reader.text("model").value_or("");
  call.request.input = read_anthropic_messages(reader);
  const auto tokens_max = reader.integer("max_tokens", 1, static_cast<std::int64_t>(limits::kContextMax));
  if (tokens_max) call.request.tokens_max = static_cast<std::size_t>(*tokens_max);
  if (!tokens_max && !is_counting) reader.refuse("max_tokens", "want an integer of at least 1, got none");
  read_sampling(reader, call.request);
  read_tools(reader, call.request);
  read_tool_choice(reader, call.request);
  read_thinking(reader, call);
  read_output(reader, call.request);
  call.streams = reader.boolean("stream").value_or(false);
  if (!reader.is_ok()) return *reader.refusal();
  return call;
}

}  // namespace sixfold::service
