// Every way to ask for structured output, and what is refused.
#include "service/output_rule_fields.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "grammar/machine.h"

namespace sixfold::service {
namespace {

struct Read {
  OutputRule rule;
  std::optional<Refusal> refusal;
};

Read read(std::string_view fields) {
  const json::value body = *sixfold::parse_json(fields, "body");
  FieldReader reader(body.get_object());
  Read result;
  read_output_rule(reader, result.rule);
  result.refusal = reader.refusal();
  return result;
}

bool accepts(const std::string& gbnf, std::string_view text) {
  grammar::Machine machine(*grammar::Reading::make(*grammar::Grammar::compile(gbnf), {}));
  grammar::StateId state = machine.start();
  for (const char byte : text) state = machine.next(state, static_cast<std::uint8_t>(byte));
  return machine.is_complete(state);
}

TEST(OutputRuleFields, nothing_asked_is_no_rule) {
  for (const std::string_view fields : {R"({})", R"({"response_format": {"type": "text"}})",
                                        R"({"grammar": "", "regex": null})", R"({"structured_outputs": {}})"}) {
    const Read result = read(fields);
    EXPECT_FALSE(result.refusal.has_value()) << fields;
    EXPECT_TRUE(result.rule.grammar.empty()) << fields;
  }
}

TEST(OutputRuleFields, every_spelling_makes_its_rule) {
  struct Case {
    std::string_view fields, good, bad;
  };
  for (
      const Case& one : std::vector<Case>{
          {R"({"response_format": {"type": "json_object"}})", "{}", "[]"},
          {R"({"response_format": {"type": "json_object", "schema": {"type": "array"}}})", "[]", "{}"},
          {R"({"response_format": {"type": "json_schema", "json_schema": {"name": "n", "strict": true, "description": "d",
               "schema": {"type": "null"}}}})",
           "null", "1"},
          {R"({"response_format": {"type": "json_schema", "schema": {"type": "null"}}})", "null", "1"},
          {R"({"json_schema": {"const": 3}})", "3", "4"},
          {R"({"grammar": "root ::= \"a\"+"})", "aa", "b"},
          {R"({"regex": "[0-9]{3}"})", "123", "12"},
          {R"({"choice": ["yes", "no"]})", "no", "maybe"},
          {R"({"guided_json": "{\"type\": \"boolean\"}"})", "true", "1"},
          {R"({"guided_json": {"type": "boolean"}})", "true", "1"},
          {R"({"guided_regex": "a|b"})", "b", "ab"},
          {R"({"guided_choice": ["x"]})", "x", "y"},
          {R"({"guided_grammar": "root ::= \"g\""})", "g", "h"},
          {R"({"structured_outputs": {"json": {"type": "integer"}}})", "7", "a"},
          {R"({"structured_outputs": {"regex": "a*"}})", "aaa", "b"},
          {R"({"structured_outputs": {"choice": ["x"]}})", "x", "y"},
          {R"({"structured_outputs": {"grammar": "root ::= \"g\""}})", "g", "h"},
          {R"({"structured_outputs": {"json_object": true}})", "{}", "1"}}) {
    const Read result = read(one.fields);
    ASSERT_FALSE(result.refusal.has_value()) << one.fields << result.refusal->error.message;
    EXPECT_TRUE(accepts(result.rule.grammar, one.good)) << one.fields;
    EXPECT_FALSE(accepts(result.rule.grammar, one.bad)) << one.fields;
  }
}

TEST(OutputRuleFields, refusals_name_the_field_and_the_reason) {
  struct Case {
    std::string_view fields, field, reason;
  };
  for (
      const Case& one : std::vector<Case>{
          {R"({"response_format": {}})", "response_format.type", "got none"},
          {R"({"response_format": {"type": "xml"}})", "response_format.type", "json_schema"},
          {R"({"response_format": "json"})", "response_format", "an object"},
          {R"({"response_format": {"type": "json_schema"}})", "response_format.json_schema", "got none"},
          {R"({"response_format": {"type": "json_schema", "json_schema": {"name": "n"}}})",
           "response_format.json_schema.schema", "got none"},
          {R"({"response_format": {"type": "json_schema", "json_schema": {"schema": {"items": {"uniqueItems": true}}}}})",
           "response_format.json_schema.schema", "#/items/uniqueItems"},
          {R"({"response_format": {"type": "text", "strickt": 1}})", "response_format.strickt", "no such field"},
          {R"({"grammar": "root = 1"})", "grammar", "line 1, column 6"},
          {R"({"grammar": 3})", "grammar", "a string"},
          {R"j({"regex": "(?=a)"})j", "regex", "position 0"},
          {R"({"choice": []})", "choice", "0 texts"},
          {R"({"choice": [1]})", "choice", "string"},
          {R"({"guided_json": "{"})", "guided_json", "schema"},
          {R"({"structured_outputs": {"json": {"format": "iri"}}})", "structured_outputs.json", "#/format"},
          {R"({"structured_outputs": {"structural_tag": "x"}})", "structured_outputs.structural_tag", "not supported"},
          {R"({"regex": "a", "choice": ["b"]})", "choice", "got \"regex\" too"},
          {R"({"response_format": {"type": "json_object"}, "grammar": "root ::= \"a\""})", "grammar",
           "got \"response_format.type\" too"},
          {R"({"structured_outputs": {"json": true, "regex": "a"}})", "structured_outputs.regex",
           "got \"structured_outputs.json\" too"}}) {
    const Read result = read(one.fields);
    ASSERT_TRUE(result.refusal.has_value()) << one.fields;
    EXPECT_EQ(result.refusal->field, one.field) << one.fields;
    EXPECT_NE(result.refusal->error.message.find(one.reason), std::string::npos)
        << one.fields << "\n  " << result.refusal->error.message;
  }
}

}  // namespace
}  // namespace sixfold::service
