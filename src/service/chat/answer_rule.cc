// GBNF text: a rule for each tool's call, made from the frame of the format and the rules of the tool's schema.
#include "service/chat/answer_rule.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"

namespace sixfold::service {
namespace {

constexpr std::string_view kAnyObject = R"({"type": "object"})";

// Arguments are an object, whether or not the schema says so.  False when it says that they are none.
bool keep_to_objects(json::value& schema) {
  if (!schema.is_object()) return true;
  json::value& type = schema.get_object()["type"];
  const bool is_one_of = type.is_array() && std::find(type.get_array().begin(), type.get_array().end(),
                                                      json::value("object")) != type.get_array().end();
  if (type.is_null() || is_one_of) type = "object";
  return type == "object";
}

Result<std::string> argument_rules(const tokenizer::ChatTool& tool, std::size_t index, const std::string& rule,
                                   const SchemaRules& rules_of_schema) {
  const std::string where = fmt::format("tools[{}].parameters", index);
  SIXFOLD_TRY(json::value schema, parse_json(tool.parameters.empty() ? kAnyObject : tool.parameters, where));
  if (!keep_to_objects(schema)) {
    return invalid_argument("{}: of the tool \"{}\": want a schema of objects, got the type {}", where, tool.name,
                            shown_json(schema.get_object().at("type")));
  }
  auto rules = rules_of_schema(schema, rule);
  if (rules.is_ok()) return rules;
  if (!tool.is_loose) {
    return invalid_argument("{}: of the tool \"{}\": {}; with \"strict\": false its arguments are any object", where,
                            tool.name, rules.error().message);
  }
  SIXFOLD_TRY(const json::value any, parse_json(kAnyObject, where));
  return rules_of_schema(any, rule);
}

// With a space before it; nothing for an empty text.
std::string literal_after(std::string_view text) {
  return text.empty() ? std::string() : " " + grammar_literal(text);
}

// The rule "calls" and those that it needs.
Result<std::string> call_rules(const GenerateRequest& request, const ToolFormat& format,
                               const SchemaRules& rules_of_schema) {
  const CallFrame& frame = format.frame;
  const std::vector<std::string> names = callable_names(request);
  std::string call, rules;
  for (std::size_t index = 0; index < request.tools.size(); ++index) {
    const tokenizer::ChatTool& tool = request.tools[index];
    if (std::find(names.begin(), names.end(), tool.name) == names.end()) continue;
    const std::string arguments = fmt::format("arguments-{}", index);
    SIXFOLD_TRY(const std::string of_arguments, argument_rules(tool, index, arguments, rules_of_schema));
    const std::string front = std::string(frame.before_name) + tool.name + std::string(frame.after_name);
    rules += fmt::format("call-{} ::= {} {}{}\n{}\n", index, grammar_literal(front), arguments,
                         literal_after(frame.after_arguments), of_arguments);
    call += fmt::format("{}call-{}", call.empty() ? "" : " | ", index);
  }
  std::string calls = frame.begin.empty() ? "call" : grammar_literal(frame.begin) + " call";
  if (!request.tool_choice.is_single) {
    calls += frame.between.empty() ? " call*" : " (" + grammar_literal(frame.between) + " call)*";
  }
  return fmt::format("calls ::= {}{}\ncall ::= {}\n{}", calls, literal_after(frame.end), call, rules);
}

bool is_name_letter(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '-' ||
         byte == '_';
}

}  // namespace

std::string grammar_literal(std::string_view text) {
  std::string literal = "\"";
  for (const char byte : text) {
    if (byte == '\n') {
      literal += "\\n";
    } else {
      if (byte == '"' || byte == '\\') literal += '\\';
      literal += byte;
    }
  }
  return literal + "\"";
}

std::string rename_root(std::string_view grammar, std::string_view name) {
  std::string out;
  for (std::size_t at = 0; at < grammar.size();) {
    const char byte = grammar[at];
    std::size_t end = at + 1;
    if (is_name_letter(byte)) {
      while (end < grammar.size() && is_name_letter(grammar[end])) ++end;
      const std::string_view word = grammar.substr(at, end - at);
      out += word == "root" ? name : word;
      at = end;
      continue;
    }
    // Literals, classes and comments are passed over whole: there, the word is not a name.
    if (byte == '"' || byte == '[') {
      const char close = byte == '"' ? '"' : ']';
      while (end < grammar.size() && grammar[end] != close) end += grammar[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, grammar.size());
    } else if (byte == '#') {
      while (end < grammar.size() && grammar[end] != '\n') ++end;
    }
    out += grammar.substr(at, end - at);
    at = end;
  }
  return out;
}

Result<OutputRule> make_answer_rule(const GenerateRequest& request, const ToolFormat& format,
                                    const ReasoningFormat* open_reasoning, const SchemaRules& rules_of_schema) {
  const OutputRule& own = request.output_rule;
  const bool has_own = !own.grammar.empty();
  const bool is_required = request.tool_choice.mode == ToolChoice::Mode::kRequired;
  OutputRule rule;
  std::string root, rules;
  if (may_call(request)) {
    SIXFOLD_TRY(rules, call_rules(request, format, rules_of_schema));
    root = "calls";
    if (!is_required && !has_own) rule.triggers.assign(format.triggers.begin(), format.triggers.end());
  }
  if (has_own && !(may_call(request) && is_required)) {
    if (root.empty() && open_reasoning == nullptr) return own;
    root += root.empty() ? "answer" : " | answer";
    rules += rename_root(own.grammar, "answer");
  }
  if (root.empty()) return rule;
  if (open_reasoning != nullptr && rule.triggers.empty()) {
    root = grammar_literal(open_reasoning->end) + " [ \\n]{0,8} (" + root + ")";
    rule.triggers.emplace_back(open_reasoning->end);
  }
  rule.grammar = fmt::format("root ::= {}\n{}", root, rules);
  return rule;
}

}  // namespace sixfold::service
