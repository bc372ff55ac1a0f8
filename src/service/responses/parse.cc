// Settings of a Responses body, and how the answer repeats them.  Source: OpenAI's API reference, "Create a model
// response".
#include "service/responses/parse.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/limits.h"
#include "service/json.h"
#include "service/openai_fields.h"
#include "service/output_rule_fields.h"
#include "service/responses/input.h"
#include "service/tools.h"

namespace sixfold::service {
namespace {

const std::vector<FieldRule>& responses_rules() {
  static const std::vector<FieldRule> kRules = {
      // For the caller's own bookkeeping, and about speed only.
      {"user", "", {}},
      {"safety_identifier", "", {}},
      {"service_tier", "", {}},
      {"prompt_cache_key", "", {}},
      {"prompt_cache_retention", "", {}},
      // What this server cannot do, unless the value asks for nothing.
      {"prompt", "stored prompts are not supported", {}},
      {"conversation", "conversations are not supported, use \"previous_response_id\"", {}},
      {"truncation", "input is never shortened silently; only \"disabled\" is supported", {R"("disabled")"}},
      {"max_tool_calls", "limits on built-in tools are not supported", {}},
      {"context_management", "editing the context is not supported", {}},
  };
  return kRules;
}

// Tools here are flat: name and parameters stand beside the type.
void read_tools(FieldReader& reader, GenerateRequest& request) {
  for_each_object(reader, "tools", [&](FieldReader& tool) {
    const auto kind = tool.text("type");
    if (kind != "function") {
      tool.refuse("type", fmt::format("only \"function\" tools are supported, got \"{}\"", kind.value_or("")));
    }
    check_fields(tool, {"type", "name", "description", "parameters", "strict"}, {});
    tokenizer::ChatTool read;
    read.name = tool.text("name").value_or("");
    read.is_loose = tool.boolean("strict") == false;
    json::object function{{"name", read.name}};
    if (const auto text = tool.text("description")) function["description"] = *text;
    if (const json::object* parameters = tool.object("parameters"); parameters != nullptr && !parameters->empty()) {
      function["parameters"] = *parameters;
      read.parameters = json::serialize(*parameters);
    }
    read.definition = json::serialize(json::object{{"type", "function"}, {"function", std::move(function)}});
    if (tool.is_ok()) add_tool(tool, "name", std::move(read), request);
  });
}

// {"type": "function", "name": ...} alone, or in a list of allowed tools.
void read_named(FieldReader& choice, GenerateRequest& request) {
  check_fields(choice, {"type", "name"}, {});
  if (choice.text("type") != "function") choice.refuse("type", "want \"function\"");
  request.tool_choice.names.emplace_back(choice.text("name").value_or(""));
  check_tool_exists(choice, "name", request.tool_choice.names.back(), request);
}

void read_choice_object(FieldReader& reader, const json::object& fields, GenerateRequest& request) {
  FieldReader choice(fields, "tool_choice");
  if (choice.text("type") != "allowed_tools") {
    request.tool_choice.mode = ToolChoice::Mode::kRequired;
    read_named(choice, request);
    if (!choice.is_ok()) reader.refuse(*choice.refusal());
    return;
  }
  check_fields(choice, {"type", "mode", "tools"}, {});
  const auto mode = choice.text("mode");
  if (mode == "required") request.tool_choice.mode = ToolChoice::Mode::kRequired;
  if (mode != "required" && mode != "auto") choice.refuse("mode", R"(want "auto" or "required")");
  const json::array* tools = choice.array("tools");
  if (tools == nullptr || tools->empty()) choice.refuse("tools", "want an array of at least one tool");
  if (tools != nullptr) {
    for_each_object(choice, "tools", *tools, [&](FieldReader& named) { read_named(named, request); });
  }
  if (!choice.is_ok()) reader.refuse(*choice.refusal());
}

void read_tool_choice(FieldReader& reader, GenerateRequest& request) {
  if (const auto parallel = reader.boolean("parallel_tool_calls")) request.tool_choice.is_single = !*parallel;
  const json::value* choice = reader.find("tool_choice");
  if (choice == nullptr) return;
  if (choice->is_object()) {
    read_choice_object(reader, choice->get_object(), request);
  } else if (*choice == "none") {
    request.tool_choice.mode = ToolChoice::Mode::kNone;
  } else if (*choice == "required") {
    request.tool_choice.mode = ToolChoice::Mode::kRequired;
  } else if (*choice != "auto") {
    reader.refuse("tool_choice", R"("auto", "none", "required" or an object)", *choice);
  }
  if (request.tool_choice.mode == ToolChoice::Mode::kRequired && request.tools.empty()) {
    reader.refuse("tool_choice", "wants a call, but the request has no \"tools\"");
  }
}

// {"type": "text"}, {"type": "json_object"}, or a schema: {"type": "json_schema", "name", "schema", "strict"}.
void read_format(FieldReader& format, OutputRule& rule) {
  const auto kind = format.text("type");
  if (kind == "json_schema") {
    return read_schema_format(format, rule);
  }
  check_fields(format, {"type"}, {});
  if (kind == "json_object") {
    rule = rule_of_json_object();
  } else if (kind != "text") {
    const json::value* got = format.find("type");
    format.refuse("type", R"("text", "json_object" or "json_schema")", got == nullptr ? json::value(nullptr) : *got);
  }
}

void read_text_format(FieldReader& reader, OutputRule& rule) {
  const json::object* fields = reader.object("text");
  if (fields == nullptr) return;
  FieldReader text(*fields, "text");
  check_fields(text, {"format"}, {{"verbosity", "verbosity levels are not supported", {R"("medium")"}}});
  if (const json::object* format = text.object("format")) {
    FieldReader inner(*format, "text.format");
    read_format(inner, rule);
    if (!inner.is_ok()) text.refuse(*inner.refusal());
  }
  if (!text.is_ok()) reader.refuse(*text.refusal());
}

void read_reasoning(FieldReader& reader, ResponsesCall& call) {
  const json::object* fields = reader.object("reasoning");
  if (fields == nullptr) return;
  FieldReader reasoning(*fields, "reasoning");
  // The thoughts themselves are in the answer, which is more than a summary says.
  check_fields(reasoning, {"effort"}, {{"summary", "", {}}, {"generate_summary", "", {}}});
  if (const auto effort = reasoning.text("effort")) call.thinks = read_effort(reasoning, *effort, call.request);
  if (!reasoning.is_ok()) reader.refuse(*reasoning.refusal());
}

void read_include(FieldReader& reader, GenerateRequest& request) {
  for (const std::string& name : reader.texts("include", 16, 64)) {
    if (name == "message.output_text.logprobs") {
      request.wants_logprobs = true;
    } else if (name != "reasoning.encrypted_content") {  // nothing is hidden from the client here
      reader.refuse("include", fmt::format("\"{}\" is not supported", name));
    }
  }
  if (const auto count = reader.integer("top_logprobs", 0, static_cast<std::int64_t>(limits::kLogprobsMax))) {
    request.logprobs = static_cast<std::size_t>(*count);
    if (*count > 0) request.wants_logprobs = true;
  }
}

void read_sampling(FieldReader& reader, GenerateRequest& request) {
  if (const auto value = reader.number("temperature", 0, 2)) {
    request.sampling.temperature = static_cast<float>(*value);
  }
  if (const auto value = reader.number("top_p", 0, 1)) {
    request.sampling.top_p = std::max(static_cast<float>(*value), std::numeric_limits<float>::min());
  }
  const auto tokens_max = reader.integer("max_output_tokens", 1, static_cast<std::int64_t>(limits::kContextMax));
  if (tokens_max) request.tokens_max = static_cast<std::size_t>(*tokens_max);
}

// What the body says, with what holds where it says nothing.
std::string echo_of(const FieldReader& reader, const ResponsesCall& call) {
  json::object echo;
  const auto set = [&](const char* name, json::value otherwise) {
    const json::value* value = reader.find(name);
    echo[name] = value != nullptr ? *value : std::move(otherwise);
  };
  set("background", false);
  set("instructions", nullptr);
  set("max_output_tokens", nullptr);
  set("max_tool_calls", nullptr);
  set("metadata", json::object());
  set("parallel_tool_calls", true);
  set("previous_response_id", nullptr);
  set("reasoning", json::object{{"effort", nullptr}, {"summary", nullptr}});
  set("service_tier", "default");
  set("store", true);
  set("temperature", call.request.sampling.temperature);
  set("text", json::object{{"format", json::object{{"type", "text"}}}});
  set("tool_choice", "auto");
  set("tools", json::array());
  set("top_logprobs", 0);
  set("top_p", call.request.sampling.top_p);
  set("truncation", "disabled");
  set("user", nullptr);
  const std::string text = json::serialize(echo);
  return text.substr(1, text.size() - 2);
}

}  // namespace

Parsed<ResponsesCall> parse_responses(std::string_view body, const engine::SamplingOptions& sampling,
                                      bool is_counting) {
  auto document = parse_object(body);
  if (auto* refusal = std::get_if<Refusal>(&document)) return std::move(*refusal);
  FieldReader reader(std::get<json::value>(document).get_object());
  check_fields(reader,
               {"model",
                "input",
                "instructions",
                "previous_response_id",
                "tools",
                "tool_choice",
                "parallel_tool_calls",
                "text",
                "reasoning",
                "include",
                "top_logprobs",
                "temperature",
                "top_p",
                "max_output_tokens",
                "stream",
                "stream_options",
                "store",
                "background",
                "metadata",
                "chat_template_kwargs"},
               responses_rules());
  ResponsesCall call;
  GenerateRequest& request = call.request;
  request.sampling = sampling;
  request.model = reader.text("model").value_or("");
  call.instructions = reader.text("instructions").value_or("");
  call.previous = reader.text("previous_response_id").value_or("");
  // A count of the conversation so far needs no new input.
  if (!is_counting || reader.find("input") != nullptr) read_responses_input(reader, call);
  read_tools(reader, request);
  read_tool_choice(reader, request);
  read_text_format(reader, request.output_rule);
  read_reasoning(reader, call);
  read_include(reader, request);
  read_sampling(reader, request);
  read_template_arguments(reader, request);
  reader.object("metadata");
  call.streams = read_stream(reader).streams;
  call.stores = reader.boolean("store").value_or(true);
  call.is_background = reader.boolean("background").value_or(false);
  if (call.is_background && !call.stores) reader.refuse("background", "only allowed when \"store\" is true");
  if (call.is_background && call.streams) {
    reader.refuse("background", "not supported together with \"stream\": ask for the response by its id");
  }
  if (!reader.is_ok()) return *reader.refusal();
  call.echo = echo_of(reader, call);
  return call;
}

}  // namespace sixfold::service
