// --json-schema, --grammar and --json of verbs that write text.
#include "cli/output_rule_flags.h"

#include <CLI/CLI.hpp>

#include "core/error.h"
#include "core/grammar_limits.h"
#include "core/json.h"
#include "core/text_file.h"
#include "grammar/grammar.h"
#include "grammar/json_rules.h"
#include "grammar/schema_rules.h"

namespace sixfold::cli {
namespace {

constexpr std::string_view kRoot = "root";

Result<std::string> rules_of_schema_flag(const std::string& value) {
  // No file is called {"type": ...}, and no schema is a word.
  const std::size_t first = value.find_first_not_of(" \t\r\n");
  const bool is_text = first != std::string::npos && (value[first] == '{' || value == "true" || value == "false");
  std::string text = value;
  if (!is_text) {
    SIXFOLD_TRY(text, read_text_file(value, limits::kGrammarBytesMax));
  }
  SIXFOLD_TRY(const json::value schema, parse_json(text, is_text ? "--json-schema" : value));
  return grammar::rules_of_schema(schema, kRoot);
}

}  // namespace

void add_output_rule_flags(CLI::App& verb, OutputRuleFlags& flags) {
  verb.add_option("--json-schema", flags.schema, "Write JSON that satisfies this schema: a file, or the schema itself")
      ->type_name("FILE|TEXT");
  verb.add_option("--grammar", flags.grammar, "Write only what this grammar (GBNF) allows")->type_name("FILE");
  verb.add_flag("--json", flags.is_json, "Write a JSON object");
}

Result<service::OutputRule> read_output_rule(const OutputRuleFlags& flags) {
  const int given = (flags.schema.empty() ? 0 : 1) + (flags.grammar.empty() ? 0 : 1) + (flags.is_json ? 1 : 0);
  if (given > 1) return invalid_argument("want at most one of --json-schema, --grammar and --json, got {}", given);
  service::OutputRule rule;
  if (flags.is_json) {
    rule.grammar = grammar::rules_of_json(grammar::JsonKind::kObject, kRoot);
  } else if (!flags.schema.empty()) {
    SIXFOLD_TRY(rule.grammar, rules_of_schema_flag(flags.schema));
  } else if (!flags.grammar.empty()) {
    SIXFOLD_TRY(rule.grammar, read_text_file(flags.grammar, limits::kGrammarBytesMax));
    const Result<grammar::Grammar> compiled = grammar::Grammar::compile(rule.grammar);
    if (!compiled) return with_context(compiled.error(), flags.grammar);
  }
  return rule;
}

}  // namespace sixfold::cli
