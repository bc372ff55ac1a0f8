// Names are checked here, so that nothing further on needs to escape them.
#include "service/tools.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "service/limits.h"
#include "service/openai_fields.h"

namespace sixfold::service {
namespace {

tokenizer::ChatTool read_tool(FieldReader& tool) {
  tokenizer::ChatTool read;
  // First of all: tools of other types have other fields.
  const auto kind = tool.text("type");
  if (!kind || *kind != "function") {
    tool.refuse("type", "only \"function\" tools are supported");
    return read;
  }
  check_fields(tool, {"type", "function"}, {});
  const json::object* fields = tool.object("function");
  if (fields == nullptr) {
    tool.refuse("function", "want an object, got none");
    return read;
  }
  FieldReader function(*fields, tool.path_of("function"));
  check_fields(function, {"name", "description", "parameters", "strict"}, {});
  read.name = function.text("name").value_or("");
  function.text("description");
  if (const json::object* parameters = function.object("parameters"); parameters != nullptr && !parameters->empty()) {
    read.parameters = json::serialize(*parameters);
  }
  read.is_loose = function.boolean("strict") == false;
  read.definition = json::serialize(tool.fields());
  if (!function.is_ok()) tool.refuse(*function.refusal());
  return read;
}

// {"type": "function", "function": {"name": ...}}, alone or in a list of allowed tools.
std::string read_named(FieldReader& choice) {
  check_fields(choice, {"type", "function"}, {});
  const auto kind = choice.text("type");
  if (!kind || *kind != "function") choice.refuse("type", "want \"function\"");
  const json::object* fields = choice.object("function");
  if (fields == nullptr) {
    choice.refuse("function", "want an object, got none");
    return {};
  }
  FieldReader function(*fields, choice.path_of("function"));
  check_fields(function, {"name"}, {});
  const std::string name(function.text("name").value_or(""));
  if (name.empty()) function.refuse("name", "want the name of a tool");
  if (!function.is_ok()) choice.refuse(*function.refusal());
  return name;
}

// Arguments are JSON in a string to OpenAI, and the object itself to ollama and some clients.
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
  check_fields(function, {"name", "arguments"}, {{"index", "", {}}});
  read.name = function.text("name").value_or("");
  if (read.name.empty()) function.refuse("name", "want a string of at least one byte");
  read.arguments = read_arguments(function);
  if (!function.is_ok()) call.refuse(*function.refusal());
  return read;
}

bool read_mode(std::string_view text, ToolChoice::Mode& mode) {
  if (text == "auto") mode = ToolChoice::Mode::kAuto;
  if (text == "none") mode = ToolChoice::Mode::kNone;
  if (text == "required") mode = ToolChoice::Mode::kRequired;
  return text == "auto" || text == "none" || text == "required";
}

// {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [...]}}.
void read_allowed(FieldReader& choice, GenerateRequest& request) {
  check_fields(choice, {"type", "allowed_tools"}, {});
  const json::object* fields = choice.object("allowed_tools");
  if (fields == nullptr) return choice.refuse("allowed_tools", "want an object, got none");
  FieldReader allowed(*fields, choice.path_of("allowed_tools"));
  check_fields(allowed, {"mode", "tools"}, {});
  const auto mode = allowed.text("mode");
  if (!mode || *mode == "none" || !read_mode(*mode, request.tool_choice.mode)) {
    allowed.refuse("mode", "want \"auto\" or \"required\"");
  }
  const json::array* tools = allowed.array("tools");
  if (tools == nullptr || tools->empty()) allowed.refuse("tools", "want an array of at least one tool");
  if (tools == nullptr) return choice.refuse(*allowed.refusal());
  for_each_object(allowed, "tools", *tools, [&](FieldReader& named) {
    request.tool_choice.names.push_back(read_named(named));
    check_tool_exists(named, "function.name", request.tool_choice.names.back(), request);
  });
  if (!allowed.is_ok()) choice.refuse(*allowed.refusal());
}

}  // namespace

bool is_tool_name(std::string_view name) {
  return !name.empty() && name.size() <= limits::kToolNameBytesMax &&
         std::all_of(name.begin(), name.end(), [](char byte) {
           return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
                  byte == '_' || byte == '-' || byte == '.';
         });
}

void add_tool(FieldReader& reader, std::string_view path, tokenizer::ChatTool tool, GenerateRequest& request) {
  const bool is_known = std::any_of(request.tools.begin(), request.tools.end(),
                                    [&](const tokenizer::ChatTool& other) { return other.name == tool.name; });
  if (!is_tool_name(tool.name)) {
    reader.refuse(path, fmt::format("want a name of 1 to {} letters, digits, \"_\", \"-\" and \".\", got {}",
                                    limits::kToolNameBytesMax, shown_json(json::value(tool.name))));
  } else if (is_known) {
    reader.refuse(path, fmt::format("two tools have the name \"{}\"", tool.name));
  } else if (request.tools.size() >= limits::kToolsMax) {
    reader.refuse(path, fmt::format("want at most {} tools", limits::kToolsMax));
  } else {
    request.tools.push_back(std::move(tool));
  }
}

void check_tool_exists(FieldReader& reader, std::string_view path, std::string_view name,
                       const GenerateRequest& request) {
  const bool exists = std::any_of(request.tools.begin(), request.tools.end(),
                                  [&](const tokenizer::ChatTool& tool) { return tool.name == name; });
  if (!exists) reader.refuse(path, fmt::format("no tool of this request has the name \"{}\"", name));
}

std::vector<tokenizer::ChatToolCall> read_tool_calls(FieldReader& message) {
  std::vector<tokenizer::ChatToolCall> calls;
  for_each_object(message, "tool_calls", [&](FieldReader& call) { calls.push_back(read_call(call)); });
  return calls;
}

void read_openai_tools(FieldReader& reader, GenerateRequest& request) {
  for_each_object(reader, "tools", [&](FieldReader& tool) {
    tokenizer::ChatTool read = read_tool(tool);
    if (tool.is_ok()) add_tool(tool, "function.name", std::move(read), request);
  });
}

void read_openai_tool_choice(FieldReader& reader, GenerateRequest& request) {
  if (const auto parallel = reader.boolean("parallel_tool_calls")) request.tool_choice.is_single = !*parallel;
  const json::value* choice = reader.find("tool_choice");
  if (choice == nullptr) return;
  if (choice->is_string()) {
    const std::string_view text(choice->get_string().data(), choice->get_string().size());
    if (!read_mode(text, request.tool_choice.mode)) {
      reader.refuse("tool_choice", R"("auto", "none", "required" or an object)", *choice);
    }
  } else if (choice->is_object()) {
    FieldReader fields(choice->get_object(), "tool_choice");
    if (fields.text("type").value_or("") == "allowed_tools") {
      read_allowed(fields, request);
    } else {
      request.tool_choice.mode = ToolChoice::Mode::kRequired;
      request.tool_choice.names = {read_named(fields)};
      check_tool_exists(fields, "function.name", request.tool_choice.names.front(), request);
    }
    if (!fields.is_ok()) reader.refuse(*fields.refusal());
  } else {
    reader.refuse("tool_choice", R"("auto", "none", "required" or an object)", *choice);
  }
  if (request.tool_choice.mode == ToolChoice::Mode::kRequired && request.tools.empty()) {
    reader.refuse("tool_choice", "wants a call, but the request has no \"tools\"");
  }
}

void read_template_arguments(FieldReader& reader, GenerateRequest& request) {
  const json::object* arguments = reader.object("chat_template_kwargs");
  if (arguments != nullptr && !arguments->empty()) request.template_arguments = json::serialize(*arguments);
}

void set_template_argument(GenerateRequest& request, std::string_view name, const json::value& value) {
  json::object arguments;
  if (!request.template_arguments.empty()) {
    const auto given = parse_json(request.template_arguments);
    if (given.is_ok() && given->is_object()) arguments = given->get_object();
  }
  arguments[{name.data(), name.size()}] = value;
  request.template_arguments = json::serialize(arguments);
}

}  // namespace sixfold::service
