// GBNF text: a rule for each tool's call, made from the frame of the format and the rules of the tool's schema.
#include "service/chat/tool_grammar.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"

namespace sixfold::service {
namespace {

constexpr std::string_view kAnyObject = R"({"type": "object"})";

Result<std::string> argument_rules(const tokenizer::ChatTool& tool, std::size_t index, const std::string& rule,
                                   const SchemaRules& rules_of_schema) {
  const std::string where = fmt::format("tools[{}].parameters", index);
  SIXFOLD_TRY(const json::value schema, parse_json(tool.parameters.empty() ? kAnyObject : tool.parameters, where));
  auto rules = rules_of_schema(schema, rule);
  if (rules.is_ok()) return rules;
  if (tool.is_strict) return invalid_argument("{}: {}", where, rules.error().message);
  SIXFOLD_TRY(const json::value any, parse_json(kAnyObject, where));
  return rules_of_schema(any, rule);
}

// With a space before it; nothing for an empty text.
std::string literal_after(std::string_view text) {
  return text.empty() ? std::string() : " " + grammar_literal(text);
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

Result<OutputRule> make_tool_rule(const GenerateRequest& request, const ToolFormat& format,
                                  const ReasoningFormat* open_reasoning, const SchemaRules& rules_of_schema) {
  OutputRule rule;
  if (!may_call(request)) return rule;
  const CallFrame& frame = format.frame;
  const std::vector<std::string> names = callable_names(request);
  std::string calls, rules;
  for (std::size_t index = 0; index < request.tools.size(); ++index) {
    const tokenizer::ChatTool& tool = request.tools[index];
    if (std::find(names.begin(), names.end(), tool.name) == names.end()) continue;
    const std::string call = fmt::format("call-{}", index);
    const std::string arguments = fmt::format("arguments-{}", index);
    SIXFOLD_TRY(const std::string of_arguments, argument_rules(tool, index, arguments, rules_of_schema));
    const std::string front = std::string(frame.before_name) + tool.name + std::string(frame.after_name);
    rules += fmt::format("{} ::= {} {}{}\n{}\n", call, grammar_literal(front), arguments,
                         literal_after(frame.after_arguments), of_arguments);
    calls += (calls.empty() ? "" : " | ") + call;
  }
  const bool is_required = request.tool_choice.mode == ToolChoice::Mode::kRequired;
  std::string root = frame.begin.empty() ? "call" : grammar_literal(frame.begin) + " call";
  if (!request.tool_choice.is_single) {
    root += frame.between.empty() ? " call*" : " (" + grammar_literal(frame.between) + " call)*";
  }
  root += literal_after(frame.end);
  if (is_required && open_reasoning != nullptr) {
    root = grammar_literal(open_reasoning->end) + " [ \\n]* " + root;
    rule.triggers.emplace_back(open_reasoning->end);
  }
  if (!is_required) rule.triggers.assign(format.triggers.begin(), format.triggers.end());
  rule.grammar = fmt::format("root ::= {}\ncall ::= {}\n{}", root, calls, rules);
  return rule;
}

}  // namespace sixfold::service
