// What schemas allow, what they forbid, and what is refused.
#include "grammar/schema_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <random>

#include "grammar/grammar_text.h"
#include "grammar/json_rules.h"
#include "grammar/json_text.h"
#include "grammar/random_schema.h"
#include "grammar/schema_validator.h"

namespace sixfold::grammar {
namespace {

Machine machine_of_schema(std::string_view schema) {
  const Result<json::value> value = sixfold::parse_json(schema, "schema");
  EXPECT_TRUE(value.is_ok()) << schema;
  const Result<std::string> rules = rules_of_schema(*value, "root");
  EXPECT_TRUE(rules.is_ok()) << schema << "\n" << (rules.is_ok() ? "" : rules.error().message);
  return machine_of(rules.is_ok() ? *rules : "root ::= \"?\"");
}

struct Case {
  std::string_view schema;
  std::vector<std::string_view> good;
  std::vector<std::string_view> bad;
};

void check(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    Machine machine = machine_of_schema(one.schema);
    for (const std::string_view text : one.good) EXPECT_TRUE(accepts(machine, text)) << one.schema << "\n" << text;
    for (const std::string_view text : one.bad) EXPECT_FALSE(accepts(machine, text)) << one.schema << "\n" << text;
  }
}

TEST(SchemaRules, types) {
  check({
      {R"({})",
       {"null", "true", "-1.5e3", R"("x")", "[1, [2]]", R"({"a": {"b": []}})"},
       {"", "nul", "[1,]", "{a:1}", "01"}},
      {R"(true)", {"1"}, {}},
      {R"({"type": "null"})", {"null"}, {"0"}},
      {R"({"type": ["boolean", "integer"]})", {"true", "12", "-3", "0"}, {"null", "1.5", "-0", "007", "1e3"}},
      {R"({"type": "number"})", {"0.5", "-2", "1E-7", "1e100"}, {".5", "1.", "+1", "1e999"}},
      {R"({"type": "string"})", {R"("")", R"("a\n\u00e9\ud83d\ude00")"}, {R"("\ud83d")", "\"\n\"", R"("\x")", "'a'"}},
      {R"({"type": "object"})", {"{}", R"({"a":1,"b":[]})"}, {"[]", R"({"a"})"}},
      {R"({"minLength": 2})", {"1", R"("ab")", "{}"}, {R"("a")"}},
      {R"({"title": "T", "description": "D", "default": 1, "examples": [1], "x-own": {}, "type": "null"})",
       {"null"},
       {"1"}},
  });
}

TEST(SchemaRules, space_between_parts_is_bounded) {
  Machine machine = machine_of_schema(R"({"type": "array", "items": {"type": "null"}})");
  EXPECT_TRUE(accepts(machine, "[null, null]"));
  EXPECT_TRUE(accepts(machine, "[\n  null,\n  null\n]"));
  EXPECT_FALSE(accepts(machine, "[null,  null]"));
  EXPECT_FALSE(accepts(machine, "[\n\nnull]"));
  EXPECT_FALSE(accepts(machine, " []"));
  EXPECT_FALSE(accepts(machine, "[\n" + std::string(21, ' ') + "null]"));
}

TEST(SchemaRules, numbers) {
  check({
      {R"({"type": "integer", "minimum": 0})", {"0", "7", "123456789012345678"}, {"-1", "-0", "1234567890123456789"}},
      {R"({"type": "integer", "minimum": -12, "maximum": 105})",
       {"-12", "-1", "0", "9", "99", "105"},
       {"-13", "106", "1000", "-20"}},
      {R"({"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5})", {"4"}, {"3", "5"}},
      {R"({"type": "integer", "minimum": 1.5, "maximum": 2.5})", {"2"}, {"1", "3"}},
      {R"({"type": "integer", "minimum": 9223372036854775807, "maximum": 9223372036854775807})",
       {"9223372036854775807"},
       {"9223372036854775806"}},
      {R"({"type": "number", "minimum": -1.25, "maximum": 10})",
       {"-1.25", "-1.2", "0.001", "10", "10.00", "9.99"},
       {"-1.26", "10.01", "11", "-2", "1e1"}},
      {R"({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1})",
       {"0.5", "0.0001"},
       {"0", "0.0", "1", "1.0", "-0.5"}},
      {R"({"type": "number", "maximum": -3})", {"-3", "-3.5", "-100"}, {"-2.9", "3", "0"}},
      {R"({"type": "integer", "multipleOf": 7})", {"0", "14", "-21", "700"}, {"1", "15"}},
      {R"({"type": "integer", "multipleOf": 4, "allOf": [{"multipleOf": 6}], "minimum": 1})",
       {"12", "24"},
       {"0", "4", "6", "18"}},
      {R"({"minimum": 3})", {"3", "\"a\"", "null"}, {"2"}},
  });
}

TEST(SchemaRules, strings) {
  check({
      {R"({"type": "string", "minLength": 2, "maxLength": 3})",
       {R"("ab")", "\"\u4e2d\u6587\u5b57\"", R"("\n\"x")", R"("\ud83d\ude00\u0041")"},
       {R"("a")", R"("abcd")", R"("")"}},
      {R"({"type": "string", "pattern": "^a\"?[0-9]+$"})",
       {R"("a1")", R"("a\"12")"},
       {R"("a")", R"("xa1")", R"("a\u00221")"}},
      {R"({"type": "string", "pattern": "b"})", {R"("abc")", R"("b")"}, {R"("ac")"}},
      {R"({"type": "string", "pattern": "^[a-z]*$", "minLength": 2, "maxLength": 4})",
       {R"("ab")", R"("abcd")"},
       {R"("a")", R"("abcde")", R"("A1")"}},
      {R"({"type": "string", "allOf": [{"pattern": "a"}, {"pattern": "b"}]})", {R"("xbya")"}, {R"("a")", R"("b")"}},
      {R"({"type": "string", "format": "date"})",
       {R"("2024-02-29")", R"("2000-02-29")", R"("1999-12-31")"},
       {R"("2023-02-29")", R"("1900-02-29")", R"("2024-04-31")", R"("2024-13-01")"}},
      {R"({"type": "string", "format": "date-time"})",
       {R"("2024-02-29T23:59:59Z")", R"("2024-01-01T00:00:00.123+05:30")"},
       {R"("2024-01-01")", R"("2024-01-01T24:00:00Z")", R"("2024-01-01T00:00:00")"}},
      {R"({"type": "string", "format": "time"})", {R"("12:30:00Z")"}, {R"("12:30Z")", R"("12:60:00Z")"}},
      {R"({"type": "string", "format": "duration"})",
       {R"("P1Y2M3DT4H5M6S")", R"("PT36H")", R"("P2W")"},
       {R"("P")", R"("P1YT")", R"("P1D2H")", R"("P1WT1H")"}},
      {R"({"type": "string", "format": "uuid"})",
       {R"("2eb8aa08-aa98-11ea-b4aa-73b441d16380")"},
       {R"("2eb8aa08-aa98-11ea-b4aa-73b441d1638")"}},
      {R"({"type": "string", "format": "uri"})",
       {R"("https://example.com")", R"("http://b.example:80/x/y%20z?q=1#f")", R"("file:///etc/motd")",
        R"("ftp://192.168.0.1/")"},
       {R"("example.com")", R"("https://")", R"("https://exa mple.com")", R"("http://a/%2")", R"("://a")",
        R"("http://a:70000/")", R"("http://a.1/")"}},
      {R"({"type": "string", "format": "uri", "maxLength": 20})",
       {R"("https://example.com/")"},
       {R"("https://example.com/a")", R"("example.com")"}},
      // The longest address that is written is shorter, so the length is no part of the automaton.
      {R"({"type": "string", "format": "email", "maxLength": 254})", {R"("ada@example.com")"}, {R"("ada")"}},
      // Too large with all lengths; some are left out, never a wrong one let in.
      {R"({"type": "string", "format": "uri", "minLength": 21, "maxLength": 2048})",
       {R"("https://example.com/abc")"},
       {R"("https://example.com/")"}},
      {R"({"type": "string", "format": "password"})", {R"("any text")"}, {"1"}},
      {R"({"type": "integer", "format": "int64"})", {"3"}, {"3.5", R"("3")"}},
      {R"({"type": "string", "format": "ipv4"})",
       {R"("192.168.0.1")", R"("255.255.255.255")"},
       {R"("256.1.1.1")", R"("1.2.3")", R"("01.2.3.4")"}},
      {R"({"type": "string", "format": "ipv6"})",
       {R"("::1")", R"("1:2:3:4:5:6:7:8")", R"("1::8")", R"("::")", R"("1:2:3:4:5:6:7::")"},
       {R"("1:2:3")", R"("1::2::3")", R"("1:2:3:4:5:6:7:8:9")", R"("12345::")", R"(":1")"}},
      {R"({"type": "string", "format": "hostname"})",
       {R"("example.com")", R"("a-b.c1")"},
       {R"("-a.com")", R"("a..b")", R"("a-")"}},
      {R"({"type": "string", "format": "email"})",
       {R"("joe.bloggs@example.com")"},
       {R"("joe@")", R"("@x.org")", R"(".a@b.org")"}},
  });
}

TEST(SchemaRules, choices) {
  check({
      {R"({"enum": ["a", 1, null, {"k": [1.5]}, "q\"\n"]})",
       {R"("a")", "1", "null", R"({"k":[1.5]})", R"("q\"\n")"},
       {"2", R"("b")", "1.0"}},
      {R"({"const": 1.0})", {"1"}, {"1.5", "2"}},
      {R"({"type": "string", "enum": ["a", 1, "bcd"], "maxLength": 2})", {R"("a")"}, {"1", R"("bcd")"}},
      {R"({"allOf": [{"enum": [1, 2, 3]}, {"enum": [3.0, 2, 5]}], "minimum": 3})", {"3"}, {"2", "5", "1"}},
      {R"({"allOf": [{"enum": [[1, {"a": -0.0, "b": 100}], true]}, {"enum": [[1.0, {"b": 1e2, "a": 0}], false]}]})",
       {R"([1,{"b":100,"a":0}])"},
       {"true", "false", "[1]"}},
      {R"({"const": 2, "enum": [1, 2.0]})", {"2"}, {"1"}},
  });
}

TEST(SchemaRules, arrays) {
  check({
      {R"({"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2})",
       {"[1]", "[1,2]", "[1, 2]"},
       {"[]", "[1,2,3]", "[\"a\"]"}},
      {R"({"type": "array", "maxItems": 0})", {"[]"}, {"[1]"}},
      {R"({"type": "array", "prefixItems": [{"type": "null"}, {"type": "boolean"}]})",
       {"[]", "[null]", "[null,true]", "[null,true,5]"},
       {"[1]", "[null,1]"}},
      {R"({"type": "array", "prefixItems": [{"type": "null"}, {"type": "boolean"}], "items": false, "minItems": 1})",
       {"[null]", "[null,true]"},
       {"[]", "[null,true,5]"}},
      {R"({"type": "array", "items": [{"type": "null"}], "additionalItems": {"type": "integer"}, "minItems": 2, "maxItems": 3})",
       {"[null,1]", "[null,1,2]"},
       {"[null]", "[null,true]", "[null,1,2,3]"}},
      {R"({"allOf": [{"items": {"minimum": 2}}, {"items": {"maximum": 3}}], "type": "array"})",
       {"[2,3]", "[\"x\"]"},
       {"[1]", "[4]"}},
      {R"({"type": "array", "items": {"type": "array", "items": {"type": "null"}}})", {"[[null],[]]"}, {"[null]"}},
      {R"({"type": "array", "uniqueItems": true, "maxItems": 1})", {"[]", "[1]"}, {"[1,2]"}},
  });
}

TEST(SchemaRules, objects) {
  check({
      {R"({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "null"}}, "required": ["b"], "additionalProperties": false})",
       {R"({"b":null})", R"({"a":1,"b":null})", R"({ "a": 1, "b": null })"},
       {"{}", R"({"a":1})", R"({"b":null,"a":1})", R"({"b":null,"c":1})", R"({"a":1,"b":null,})"}},
      {R"({"type": "object", "properties": {"a": {"type": "integer"}}})",
       {"{}", R"({"a":1})", R"({"a":1,"b":"x","ab":[]})", R"({"b":1})"},
       {R"({"a":"x"})", R"({"b":1,"a":"x"})", R"({"\u0061":"x"})"}},
      {R"({"type": "object", "additionalProperties": {"type": "boolean"}})",
       {"{}", R"({"x":true,"y":false})"},
       {R"({"x":1})"}},
      {R"({"type": "object", "required": ["x"]})", {R"({"x":1})", R"({"x":1,"y":2})"}, {"{}", R"({"y":1})"}},
      {R"({"type": "object", "patternProperties": {"^n_": {"type": "integer"}, "_s$": {"type": ["string", "integer"]}}, "additionalProperties": false})",
       {"{}", R"({"n_a":1})", R"({"a_s":"x"})", R"({"n_s":3})"},
       {R"({"n_a":"x"})", R"({"n_s":"x"})", R"({"q":1})"}},
      {R"({"type": "object", "properties": {"n_x": {"maximum": 5}}, "patternProperties": {"^n_": {"type": "integer"}}})",
       {R"({"n_x":5})", R"({"n_x":5,"n_y":9,"z":"free"})"},
       {R"({"n_x":6})", R"({"n_x":"a"})", R"({"n_y":"a"})"}},
      {R"({"type": "object", "properties": {"a": true, "b": true, "c": true}, "additionalProperties": false, "minProperties": 1, "maxProperties": 2})",
       {R"({"a":1})", R"({"c":1})", R"({"a":1,"c":1})"},
       {"{}", R"({"a":1,"b":1,"c":1})"}},
      {R"({"type": "object", "minProperties": 1})", {R"({"x":1})"}, {"{}"}},
      {R"({"type": "object", "maxProperties": 1})", {"{}", R"({"x":1})"}, {R"({"x":1,"y":2})"}},
      {R"({"type": "object", "propertyNames": {"pattern": "^[a-z]+$"}, "properties": {"B": true, "c": {"type": "null"}}})",
       {"{}", R"({"c":null,"d":1})"},
       {R"({"B":1})", R"({"c":1})", R"({"d1":1})"}},
      {R"({"type": "object", "properties": {"a": false, "b": true}})", {R"({"b":1})"}, {R"({"a":1})"}},
      {R"({"type": "object", "properties": {"a": true, "b": true}, "dependentRequired": {"a": ["b"]}, "additionalProperties": false})",
       {"{}", R"({"b":1})", R"({"a":1,"b":2})"},
       {R"({"a":1})"}},
      {R"({"type": "object", "properties": {"a": true, "b": true}, "not": {"required": ["b"]}, "additionalProperties": false})",
       {"{}", R"({"a":1})"},
       {R"({"b":1})"}},
  });
}

TEST(SchemaRules, listed_names_come_once_and_further_ones_may_repeat) {
  check({
      {R"({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["b"]})",
       {R"({"a":1,"b":2})", R"({"b":2,"c":3,"c":"other"})"},
       {R"({"a":1,"a":1,"b":2})", R"({"b":1,"b":2})", R"({"b":1,"c":2,"b":3})", R"({"b":1,"c":2,"a":3})"}},
      {R"({"type": "object", "properties": {"a": true, "b": true}, "additionalProperties": false})",
       {R"({"a":1,"b":2})"},
       {R"({"a":1,"a":2})", R"({"a":1,"b":2,"b":3})"}},
      // Whichever of two a reader keeps, the value is right, and fewer names are no more than the most.
      {R"({"type": "object", "patternProperties": {"^n": {"type": "integer"}}, "additionalProperties": {"type": "boolean"}, "maxProperties": 2})",
       {R"({"n":1,"n":2})", R"({"x":true,"x":false})"},
       {R"({"n":1,"n":true})", R"({"x":true,"x":1})", R"({"n":1,"n":2,"n":3})"}},
  });
}

TEST(SchemaRules, combinations) {
  check({
      {R"({"anyOf": [{"type": "integer"}, {"type": "string", "maxLength": 1}]})", {"1", R"("a")"}, {"null", R"("ab")"}},
      {R"({"type": "object", "properties": {"a": {"type": "null"}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]})",
       {R"({"a":null})", R"({"b":1})"},
       {"{}", R"({"a":1})"}},
      {R"({"oneOf": [{"type": "integer"}, {"type": "string"}]})", {"1", R"("a")"}, {"null"}},
      {R"({"oneOf": [{"type": "integer", "maximum": 3}, {"type": "number", "exclusiveMinimum": 3}]})",
       {"3", "3.5", "4"},
       {"2.5"}},
      {R"({"oneOf": [{"properties": {"k": {"const": "x"}}, "required": ["k"], "type": "object"}, {"properties": {"k": {"enum": ["y", "z"]}}, "required": ["k"], "type": "object"}]})",
       {R"({"k":"x"})", R"({"k":"z","o":1})"},
       {R"({"k":"w"})", "{}"}},
      {R"({"allOf": [{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"properties": {"a": {"minimum": 5}, "b": {"type": "null"}}, "required": ["b"]}]})",
       {R"({"a":5,"b":null})"},
       {R"({"a":4,"b":null})", R"({"a":5})"}},
      {R"({"not": {"type": ["string", "null"]}})", {"1", "[]"}, {R"("a")", "null"}},
      {R"({"if": {"type": "string"}})", {"1"}, {}},
  });
}

TEST(SchemaRules, references) {
  check({
      {R"({"$defs": {"n": {"type": "integer"}}, "type": "array", "items": {"$ref": "#/$defs/n"}})",
       {"[1]"},
       {"[true]"}},
      {R"({"definitions": {"a/b~c %": {"type": "null"}}, "$ref": "#/definitions/a~1b~0c%20%25"})", {"null"}, {"1"}},
      {R"({"type": "object", "properties": {"v": {"type": "integer"}, "next": {"$ref": "#"}}, "required": ["v"], "additionalProperties": false})",
       {R"({"v":1,"next":{"v":2,"next":{"v":3}}})"},
       {R"({"v":1,"next":{}})"}},
      {R"({"$id": "http://x/y", "$defs": {"n": {"type": "null"}}, "$ref": "http://x/y#/$defs/n", "description": "d"})",
       {"null"},
       {"1"}},
      {R"({"$defs": {"n": {"type": "integer"}}, "$ref": "#/$defs/n", "minimum": 3})", {"3"}, {"2"}},
  });
}

TEST(SchemaRules, refuses_what_it_cannot_enforce) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {R"({"properties": {"a/b": {"type": "array", "uniqueItems": true}}})",
       "schema: #/properties/a~1b/uniqueItems: cannot be enforced"},
      {R"({"contains": {"type": "null"}})", "#/contains"},
      {R"({"type": "number", "multipleOf": 0.1})", "#/multipleOf"},
      {R"({"format": "iri"})", "#/format: \"iri\" cannot be enforced; known are date, "},
      {R"j({"pattern": "(?=a)"})j", "#/pattern: position 0: looking ahead"},
      {R"({"if": {"type": "null"}, "then": false})", "#/if"},
      {R"({"not": {"minimum": 3}})", "#/not"},
      {R"({"oneOf": [{"type": "integer"}, {"type": "number"}]})", "#/oneOf: a value could match number 0 and number 1"},
      {R"({"$ref": "http://example.com/schema"})", "#/$ref: only \"#\""},
      {R"({"$ref": "#/$defs/none"})", "#/$ref: \"#/$defs/none\" leads nowhere"},
      {R"({"$ref": "#"})", "#/$ref: references that lead to one another"},
      {R"({"$dynamicRef": "#a"})", "#/$dynamicRef"},
      {R"({"$schema": "http://example.com/own"})", "#/$schema: only the drafts"},
      {R"({"properties": {"a": {"$id": "x"}}})", "#/properties/a/$id"},
      {R"({"unevaluatedProperties": false})", "#/unevaluatedProperties"},
      {R"({"type": "object", "minProperties": 3})", "a least number of properties above 1"},
      {R"({"type": "strin"})", "#/type: want a type"},
      {R"({"type": 3})", "#/type: want a type"},
      {R"({"enum": 3})", "#/enum: want a list"},
      {R"({"minLength": -1})", "#/minLength: want a count"},
      {R"({"minimum": "1"})", "#/minimum: want a number"},
      {R"({"exclusiveMinimum": true})", "#/exclusiveMinimum: want a number"},
      {R"({"required": "a"})", "#/required: want a list"},
      {R"({"properties": {"a": 1}})", "#/properties: want a schema"},
      {R"({"anyOf": []})", "#/anyOf: want a list"},
      {R"({"type": "string", "maxLength": 99999999})", "a length of more than 65536"},
      {R"(false)", "no value satisfies it"},
      {R"({"type": "integer", "minimum": 5, "maximum": 4})", "no value satisfies it"},
      {R"({"type": "object", "properties": {"a": false}, "required": ["a"]})", "no value satisfies it"},
      {R"(3)", "want a schema"},
  };
  for (const auto& [schema, expected] : cases) {
    const Result<std::string> rules = rules_of_schema(*sixfold::parse_json(schema, "schema"), "root");
    ASSERT_FALSE(rules.is_ok()) << schema;
    EXPECT_NE(rules.error().message.find(expected), std::string::npos) << schema << "\n  " << rules.error().message;
  }
}

// Names "n0", "n1" ... as JSON texts, each between `before` and `behind`.
std::string list_of(std::size_t count, std::string_view before = "", std::string_view behind = "") {
  std::string list;
  for (std::size_t index = 0; index < count; ++index) {
    list += fmt::format("{}{}\"n{}\"{}", index == 0 ? "" : ", ", before, index, behind);
  }
  return list;
}

// A list of so many references to one schema.
std::string references(std::size_t count) {
  std::string list;
  for (std::size_t index = 0; index < count; ++index)
    list += fmt::format("{}{{\"$ref\": \"#/$defs/a\"}}", index == 0 ? "" : ", ");
  return list;
}

TEST(SchemaRules, no_schema_is_worked_on_for_long) {
  const auto choices_of = [](std::size_t references_to_them) {
    return fmt::format(R"({{"$defs": {{"a": {{"enum": [{}]}}}}, "allOf": [{}]}})", list_of(4000),
                       references(references_to_them));
  };
  EXPECT_TRUE(rules_of_schema(*sixfold::parse_json(choices_of(2), "schema"), "root").is_ok());
  const auto too_many = rules_of_schema(*sixfold::parse_json(choices_of(1000), "schema"), "root");
  ASSERT_FALSE(too_many.is_ok());
  EXPECT_EQ(too_many.error().message, "schema: too large once its parts are combined");
  const auto message = [](const std::string& schema) {
    const auto rules = rules_of_schema(*sixfold::parse_json(schema, "schema"), "root");
    return rules.is_ok() ? std::string("none") : rules.error().message;
  };
  EXPECT_EQ(message(fmt::format(R"({{"required": [{}]}})", list_of(5000))),
            "schema: #/required: want at most 4096 names");
  EXPECT_EQ(message(fmt::format(R"({{"properties": {{{}}}}})", list_of(5000, "", ": true"))),
            "schema: #/properties: want at most 4096");
  EXPECT_EQ(message(fmt::format(R"({{"enum": [{}]}})", list_of(5000))), "schema: #/enum: want at most 4096 values");
}

TEST(SchemaRules, stand_beside_others_in_one_grammar) {
  const std::string first =
      *rules_of_schema(*sixfold::parse_json(R"({"type": "string", "pattern": "^a"})", "s"), "one");
  const std::string second =
      *rules_of_schema(*sixfold::parse_json(R"({"properties": {"a": {"minimum": 3}}})", "s"), "two");
  const std::string all = "root ::= \"<\" one \">\" two\n" + first + second + rules_of_json(JsonKind::kObject, "three");
  EXPECT_TRUE(accepts(all, R"(<"ab">{"a":3})"));
  EXPECT_FALSE(accepts(all, R"(<"b">{"a":3})"));
}

TEST(JsonRules, any_value_or_an_object) {
  const std::string any = rules_of_json(JsonKind::kAny, "root");
  const std::string object = rules_of_json(JsonKind::kObject, "root");
  EXPECT_TRUE(accepts(any, "[1, {\"a\": null}]"));
  EXPECT_FALSE(accepts(object, "[1]"));
  EXPECT_TRUE(accepts(object, "{\n  \"a\": [true, {}]\n}"));
}

TEST(JsonRules, one_of_several_texts) {
  const Result<std::string> rules = rules_of_choice({"yes", "no", "yes, but", "中"}, "root");
  ASSERT_TRUE(rules.is_ok());
  for (const std::string_view text : {"yes", "no", "yes, but", "中"}) EXPECT_TRUE(accepts(*rules, text));
  for (const std::string_view text : {"", "ye", "yes,", "nope"}) EXPECT_FALSE(accepts(*rules, text));
  EXPECT_FALSE(rules_of_choice({}, "root").is_ok());
  EXPECT_FALSE(rules_of_choice({""}, "root").is_ok());
}

// Bytes at random until the text may end, mostly by the shortest way once it is long.
std::string random_text(Machine& machine, std::mt19937& random) {
  std::string text;
  StateId state = machine.start();
  while (text.size() < 20'000) {
    if (machine.is_complete(state) && (machine.is_exhausted(state) || random() % 8 == 0)) return text;
    std::vector<std::uint8_t> allowed;
    for (unsigned byte = 0; byte < 256; ++byte) {
      if (machine.next(state, static_cast<std::uint8_t>(byte)) != Machine::kDead) {
        allowed.push_back(static_cast<std::uint8_t>(byte));
      }
    }
    if (allowed.empty()) return text;
    std::uint8_t byte = allowed[random() % allowed.size()];
    for (const char closing : {'"', '}', ']', ','}) {
      const bool is_allowed =
          std::find(allowed.begin(), allowed.end(), static_cast<std::uint8_t>(closing)) != allowed.end();
      if (is_allowed && closing != ',' && random() % (text.size() > 300 ? 2 : 12) == 0)
        byte = static_cast<std::uint8_t>(closing);
    }
    text += static_cast<char>(byte);
    state = machine.next(state, byte);
  }
  return "";
}

TEST(SchemaRules, every_random_text_of_a_random_schema_is_valid) {
  std::mt19937 random(5);
  std::size_t texts = 0;
  std::size_t refused = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    const json::value schema = RandomSchema(seed).make();
    const Result<std::string> rules = rules_of_schema(schema, "root");
    if (!rules) {
      EXPECT_NE(rules.error().message.find("no value satisfies"), std::string::npos) << rules.error().message;
      ++refused;
      continue;
    }
    const Result<Grammar> grammar = Grammar::compile(*rules);
    ASSERT_TRUE(grammar.is_ok()) << json::serialize(schema) << grammar.error().message;
    Machine machine = machine_of(*rules);
    for (int round = 0; round < 5; ++round) {
      const std::string text = random_text(machine, random);
      if (text.empty()) continue;
      json::error_code failure;
      const json::value value = json::parse(text, failure);
      ASSERT_FALSE(failure) << text;
      ASSERT_TRUE(SchemaValidator(schema).is_valid(value)) << json::serialize(schema) << "\n" << text;
      ++texts;
    }
  }
  EXPECT_GT(texts, 1000u);
  EXPECT_LT(refused, 30u);
}

}  // namespace
}  // namespace sixfold::grammar
