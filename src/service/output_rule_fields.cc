// Every spelling becomes GBNF, whose root is the whole answer.
#include "service/output_rule_fields.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "core/error.h"
#include "core/grammar_limits.h"
#include "grammar/grammar.h"
#include "grammar/json_rules.h"
#include "grammar/regex.h"
#include "grammar/schema_rules.h"
#include "service/openai_fields.h"

namespace sixfold::service {
namespace {

constexpr std::string_view kRoot = "root";

std::string_view text_of(const json::value& value) {
  return {value.get_string().data(), value.get_string().size()};
}

class OutputRuleReader {
 public:
  explicit OutputRuleReader(FieldReader& reader) : reader_(reader) {}

  // rule: may hold one that other fields of the request asked for; then these may not ask for another.
  void read(OutputRule& rule) {
    if (!rule.grammar.empty()) asked_ = "a rule elsewhere in the request";
    read_response_format();
    read_spelling(reader_, {.json = "json_schema", .regex = "regex", .choice = "choice", .grammar = "grammar"});
    read_spelling(
        reader_,
        {.json = "guided_json", .regex = "guided_regex", .choice = "guided_choice", .grammar = "guided_grammar"});
    if (const json::object* fields = reader_.object("structured_outputs")) {
      FieldReader inner(*fields, reader_.path_of("structured_outputs"));
      check_fields(inner, {"json", "regex", "choice", "grammar", "json_object"},
                   {{"disable_fallback", "", {}},
                    {"disable_any_whitespace", "space between the parts of JSON cannot be forbidden", {}},
                    {"disable_additional_properties", "use \"additionalProperties\" in the schema", {}},
                    {"whitespace_pattern", "space between the parts of JSON cannot be chosen", {}},
                    {"structural_tag", "structural tags are not supported", {}}});
      read_spelling(inner, {.json = "json", .regex = "regex", .choice = "choice", .grammar = "grammar"});
      if (inner.boolean("json_object").value_or(false)) set_json_object(inner, "json_object");
      if (!inner.is_ok()) reader_.refuse(*inner.refusal());
    }
    if (!grammar_.empty()) rule.grammar = std::move(grammar_);
  }

 private:
  struct Spelling {
    std::string_view json, regex, choice, grammar;
  };

  void refuse(FieldReader& reader, std::string_view name, const Error& error) {
    reader.refuse(
        Refusal{invalid_argument("\"{}\": {}", reader.path_of(name), error.message), reader.path_of(name), {}});
  }

  // name: the field that asks.
  void set(FieldReader& reader, std::string_view name, Result<std::string> rules) {
    if (!rules) return refuse(reader, name, rules.error());
    const std::string path = reader.path_of(name);
    if (!asked_.empty()) {
      reader.refuse(name, fmt::format("want one rule for the output, got \"{}\" too", asked_));
      return;
    }
    asked_ = path;
    grammar_ = std::move(*rules);
  }

  void set_json_object(FieldReader& reader, std::string_view name) {
    set(reader, name, grammar::rules_of_json(grammar::JsonKind::kObject, kRoot));
  }

  // A schema, or its text, which vLLM takes too.
  void set_schema(FieldReader& reader, std::string_view name, const json::value& value) {
    if (!value.is_string()) return set(reader, name, grammar::rules_of_schema(value, kRoot));
    Result<json::value> schema = sixfold::parse_json(text_of(value), "schema");
    if (!schema) return refuse(reader, name, schema.error());
    set(reader, name, grammar::rules_of_schema(*schema, kRoot));
  }

  void read_response_format() {
    const json::object* format = reader_.object("response_format");
    if (format == nullptr) return;
    FieldReader inner(*format, reader_.path_of("response_format"));
    check_fields(inner, {"type", "json_schema", "schema"}, {});
    const auto kind = inner.text("type");
    const json::value* schema = inner.find("schema");
    if (!kind) {
      if (inner.is_ok()) inner.refuse("type", "want \"text\", \"json_object\" or \"json_schema\", got none");
    } else if (*kind == "json_object") {
      if (schema != nullptr) {
        set_schema(inner, "schema", *schema);
      } else {
        set_json_object(inner, "type");
      }
    } else if (*kind == "json_schema") {
      read_named_schema(inner, schema);
    } else if (*kind != "text") {
      inner.refuse("type", "\"text\", \"json_object\" or \"json_schema\"", *inner.find("type"));
    }
    if (!inner.is_ok()) reader_.refuse(*inner.refusal());
  }

  // OpenAI's {"json_schema": {"name", "schema", "strict"}}, and the schema itself beside the type.
  void read_named_schema(FieldReader& format, const json::value* bare) {
    const json::object* named = format.object("json_schema");
    if (named == nullptr) {
      if (bare != nullptr) return set_schema(format, "schema", *bare);
      if (format.is_ok()) format.refuse("json_schema", "want an object with \"schema\", got none");
      return;
    }
    FieldReader inner(*named, format.path_of("json_schema"));
    // Schemas are always kept to, whether or not the request calls them strict.
    check_fields(inner, {"schema"}, {{"name", "", {}}, {"description", "", {}}, {"strict", "", {}}});
    if (const json::value* schema = inner.find("schema")) {
      set_schema(inner, "schema", *schema);
    } else if (inner.is_ok()) {
      inner.refuse("schema", "want a JSON Schema, got none");
    }
    if (!inner.is_ok()) format.refuse(*inner.refusal());
  }

  void read_spelling(FieldReader& reader, const Spelling& names) {
    if (const json::value* schema = reader.find(names.json)) set_schema(reader, names.json, *schema);
    if (const auto pattern = reader.text(names.regex)) {
      set(reader, names.regex, grammar::rules_of_regex(*pattern, kRoot));
    }
    if (reader.find(names.choice) != nullptr) {
      set(reader, names.choice,
          grammar::rules_of_choice(reader.texts(names.choice, limits::kChoiceTextsMax, limits::kChoiceBytesMax),
                                   kRoot));
    }
    // llama.cpp's clients send "" for none.
    if (const auto text = reader.text(names.grammar); text && !text->empty()) {
      const Result<grammar::Grammar> compiled = grammar::Grammar::compile(*text);
      if (compiled) {
        set(reader, names.grammar, std::string(*text));
      } else {
        refuse(reader, names.grammar, compiled.error());
      }
    }
  }

  FieldReader& reader_;
  std::string asked_;  // the field that made grammar_
  std::string grammar_;
};

}  // namespace

const std::vector<std::string_view>& output_rule_fields() {
  static const std::vector<std::string_view> kFields = {
      "response_format", "grammar",      "json_schema",   "regex",          "choice",
      "guided_json",     "guided_regex", "guided_choice", "guided_grammar", "structured_outputs"};
  return kFields;
}

void read_output_rule(FieldReader& reader, OutputRule& rule) {
  OutputRuleReader(reader).read(rule);
}

OutputRule rule_of_json_object() {
  return {grammar::rules_of_json(grammar::JsonKind::kObject, kRoot), {}};
}

void read_schema_format(FieldReader& format, OutputRule& rule) {
  // Schemas are always kept to, whether or not the request calls them strict.
  check_fields(format, {"type", "schema"}, {{"name", "", {}}, {"description", "", {}}, {"strict", "", {}}});
  const json::value* schema = format.find("schema");
  if (schema == nullptr) return format.refuse("schema", "want a JSON Schema, got none");
  auto made = rule_of_schema(*schema);
  if (!made) return format.refuse("schema", made.error().message);
  rule = std::move(*made);
}

Result<OutputRule> rule_of_schema(const json::value& schema) {
  SIXFOLD_TRY(std::string rules, grammar::rules_of_schema(schema, kRoot));
  return OutputRule{std::move(rules), {}};
}

}  // namespace sixfold::service
