// Jinja templates render as the reference implementation renders them, and hostile ones end in an error.
#include "tokenizer/chat_template.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tokenizer/jinja/template.h"

namespace sixfold::tokenizer {
namespace {

namespace json = boost::json;
using jinja::Value;

Value to_value(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return Value::none();
    case json::kind::bool_:
      return Value::boolean(value.get_bool());
    case json::kind::int64:
      return Value::integer(value.get_int64());
    case json::kind::uint64:
      return Value::integer(static_cast<std::int64_t>(value.get_uint64()));
    case json::kind::double_:
      return Value::number(value.get_double());
    case json::kind::string:
      return Value::string(std::string(value.get_string()));
    case json::kind::array: {
      jinja::List list;
      for (const json::value& item : value.get_array()) list.push_back(to_value(item));
      return Value::list(std::move(list));
    }
    case json::kind::object: {
      jinja::Dict dict;
      for (const auto& entry : value.get_object()) dict.set(entry.key(), to_value(entry.value()));
      return Value::dict(std::move(dict));
    }
  }
  return Value::none();
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string render(std::string_view source, const jinja::Dict& variables = {}, const jinja::RenderLimits& limits = {}) {
  const auto compiled = jinja::Template::compile(source);
  if (!compiled.is_ok()) return "error: " + compiled.error().message;
  const auto text = compiled->render(variables, 0, limits);
  return text.is_ok() ? *text : "error: " + text.error().message;
}

TEST(ChatTemplate, reference_renderings_match_byte_for_byte) {
  const char* testdata = std::getenv("SIXFOLD_TESTDATA");
  if (testdata == nullptr) GTEST_SKIP() << "SIXFOLD_TESTDATA is not set";
  std::size_t cases = 0;
  for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(testdata) / "golden/chat")) {
    if (file.path().extension() != ".jinja") continue;
    const auto compiled = jinja::Template::compile(read_file(file.path()));
    ASSERT_TRUE(compiled.is_ok()) << file.path() << ": " << compiled.error().message;
    const json::value golden = json::parse(read_file(std::filesystem::path(file.path()).replace_extension(".json")));
    std::tm now{};
    const std::string now_text(golden.at("now").as_string());
    ASSERT_NE(strptime(now_text.c_str(), "%Y-%m-%dT%H:%M:%S", &now), nullptr) << now_text;
    for (const json::value& entry : golden.at("cases").as_array()) {
      jinja::Dict variables;
      for (const auto& variable : entry.at("input").as_object())
        variables.set(variable.key(), to_value(variable.value()));
      const auto text = compiled->render(variables, timegm(&now));
      ++cases;
      if (entry.as_object().contains("error")) {
        EXPECT_FALSE(text.is_ok()) << file.path() << " rendered what should fail: " << json::serialize(entry);
        continue;
      }
      ASSERT_TRUE(text.is_ok()) << file.path() << ": " << text.error().message << "\n"
                                << json::serialize(entry.at("input"));
      EXPECT_EQ(*text, std::string(entry.at("expected").as_string())) << file.path();
    }
  }
  EXPECT_GT(cases, 100u);
}

TEST(Jinja, whitespace_rules) {
  EXPECT_EQ(render("a\n  {% if true %}\nb\n  {% endif %}\nc\n"), "a\nb\nc");
  EXPECT_EQ(render("a {{- ' b ' -}} c"), "a b c");
  EXPECT_EQ(render("a  {%+ if true %}b{% endif %}"), "a  b");
  EXPECT_EQ(render("{# note #}\nx{# #} y"), "x y");
  EXPECT_EQ(render("{% raw %}{{ x }}{% endraw %}!"), "{{ x }}!");
}

TEST(Jinja, expressions) {
  EXPECT_EQ(render("{{ 1 + 2 * 3 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 ** 10 }}"),
            "7 3 -4 2 3.5 1024");
  EXPECT_EQ(render("{{ 'a' ~ 1 ~ none ~ true }}"), "a1NoneTrue");
  EXPECT_EQ(render("{{ [1, 'x', {'k': none}] }}"), "[1, 'x', {'k': None}]");
  EXPECT_EQ(render("{{ 'abc'[::-1] }} {{ [1,2,3][1:] }} {{ 'abc'[-1] }} {{ 'abcdef'[1:5:2] }}"), "cba [2, 3] c bd");
  EXPECT_EQ(render("{{ 'b' in 'abc' }} {{ 4 not in [1,2] }} {{ 1 if false else 2 }}"), "True True 2");
  EXPECT_EQ(render("{{ x is defined }} {{ x }} {{ 3 is odd }} {{ 'a' is not none }}"), "False  True True");
  EXPECT_EQ(render("{{ not 1 == 2 and (0 or 'y') }}"), "y");
}

TEST(Jinja, filters_and_methods) {
  EXPECT_EQ(render("{{ ' a '|trim|upper }} {{ [3,1,2]|sort|join('-') }} {{ {'b':1,'a':2}|dictsort }}"),
            "A 1-2-3 [['a', 2], ['b', 1]]");
  EXPECT_EQ(render("{{ {'a': [1, true, none, 'x\"']}|tojson }}"), "{\"a\": [1, true, null, \"x\\\"\"]}");
  EXPECT_EQ(render("{{ {'a': [1]}|tojson(indent=2) }}"), "{\n  \"a\": [\n    1\n  ]\n}");
  EXPECT_EQ(
      render(
          "{{ [{'n':1},{'n':2}]|map(attribute='n')|list }} {{ [{'n':1},{}]|selectattr('n','defined')|list|length }}"),
      "[1, 2] 1");
  EXPECT_EQ(render("{{ 'a,b,c'.split(',')[1] }} {{ 'x y'.title() }} {{ 'abc'.startswith('ab') }} {{ ' a'.lstrip() }}"),
            "b X Y True a");
  EXPECT_EQ(render("{{ missing|default('d') }} {{ ''|default('e', true) }}"), "d e");
}

TEST(Jinja, statements) {
  EXPECT_EQ(
      render("{% for i in range(5) if i is even %}{{ loop.index }}:{{ i }}{{ ',' if not loop.last }}{% endfor %}"),
      "1:0,2:2,3:4");
  EXPECT_EQ(render("{% for i in [] %}x{% else %}none{% endfor %}"), "none");
  EXPECT_EQ(render("{% for i in range(9) %}{% if i == 3 %}{% break %}{% endif %}{% if i == 1 %}{% continue %}{% endif "
                   "%}{{ i }}{% endfor %}"),
            "02");
  EXPECT_EQ(
      render("{% set ns = namespace(n=0) %}{% for i in range(4) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}"),
      "6");
  EXPECT_EQ(render("{% set x = 1 %}{% for i in range(2) %}{% set x = 9 %}{% endfor %}{{ x }}"), "1");
  EXPECT_EQ(render("{% macro m(a, b='B') %}{{ a }}{{ b }}{% endmacro %}{{ m('x') }}{{ m('y', b='z') }}"), "xByz");
  EXPECT_EQ(render("{% set t %}a{{ 1 }}{% endset %}{{ t }}"), "a1");
  EXPECT_EQ(render("{% filter upper %}ab{% endfilter %}"), "AB");
  EXPECT_EQ(render("{% for k, v in {'a': 1}.items() %}{{ k }}={{ v }}{% endfor %}"), "a=1");
}

TEST(Jinja, errors_name_the_line_and_the_reason) {
  EXPECT_EQ(render("a\n{% if x %}"), "error: line 2: want {% endif %}, got the end of the template");
  EXPECT_EQ(render("{{ 'abc' }"), "error: line 1: expression without }}");
  EXPECT_EQ(render("{{ raise_exception('no tools') }}"), "error: the template refuses the messages: no tools");
  EXPECT_EQ(render("\n{{ a.b.c }}"), "error: line 2: \"a\" is undefined");
  EXPECT_EQ(render("{{ 1 // 0 }}"), "error: line 1: division by zero");
  EXPECT_EQ(render("{{ 9223372036854775807 + 1 }}").rfind("error: ", 0), 0u);
  EXPECT_EQ(render("{% break %}").rfind("error: ", 0), 0u);
}

TEST(Jinja, hostile_templates_hit_a_limit) {
  const jinja::RenderLimits small{.steps = 10'000, .output_bytes = 100'000, .depth = 200};
  EXPECT_NE(
      render("{% for a in range(999) %}{% for b in range(999) %}x{% endfor %}{% endfor %}", {}, small).find("steps"),
      std::string::npos);
  EXPECT_NE(
      render("{% set ns = namespace(s='xxxxxxxx') %}{% for a in range(999) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
             {}, small)
          .find("grew"),
      std::string::npos);
  EXPECT_NE(
      render("{% set ns = namespace(s=[]) %}{% for a in range(999) %}{% set ns.s = [ns.s] %}{% endfor %}").find("deep"),
      std::string::npos);
  EXPECT_NE(render("{% set ns = namespace() %}{% set ns.me = ns %}").find("cannot set"), std::string::npos);
  EXPECT_NE(render("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}").find("nested"), std::string::npos);
  EXPECT_NE(render("{{ " + std::string(5000, '(') + "1" + std::string(5000, ')') + " }}").find("error"),
            std::string::npos);
  std::string deep = "{{ ";
  for (int i = 0; i < 5000; ++i) deep += "not ";
  EXPECT_NE(render(deep + "1 }}").find("error"), std::string::npos);
  std::string tags;
  for (int i = 0; i < 5000; ++i) tags += "{% if 1 %}";
  EXPECT_NE(render(tags).find("error"), std::string::npos);
}

struct FallbackCase {
  const char* name;
  std::vector<std::string> tokens;
  const char* text;  // of "hi" from the user, and the beginning of the answer
};

TEST(ChatTemplate, fallback_is_chosen_by_special_tokens) {
  const FallbackCase cases[] = {
      {"chatml", {"<|im_start|>", "<|end|>"}, "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"},
      {"llama3",
       {"<|start_header_id|>"},
       "<s><|start_header_id|>user<|end_header_id|>\n\nhi<|eot_id|>"
       "<|start_header_id|>assistant<|end_header_id|>\n\n"},
      {"gemma", {"<start_of_turn>"}, "<s><start_of_turn>user\nhi<end_of_turn>\n<start_of_turn>model\n"},
      {"granite",
       {"<|start_of_role|>"},
       "<|start_of_role|>user<|end_of_role|>hi<|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>"},
      {"phi3", {"<|end|>"}, "<|user|>\nhi<|end|>\n<|assistant|>\n"},
      {"llama2", {"[INST]"}, "<s>[INST] hi [/INST]"},
      {"plain", {}, "user: hi\nassistant:"},
  };
  for (const FallbackCase& expected : cases) {
    SCOPED_TRACE(expected.name);
    Vocabulary vocabulary;
    vocabulary.tokens = {"a"};
    for (const std::string& token : expected.tokens) vocabulary.tokens.push_back(token);
    const auto chosen = make_chat_template("", vocabulary);
    ASSERT_TRUE(chosen.is_ok());
    EXPECT_EQ((*chosen)->name(), expected.name);
    ChatInput input;
    input.bos_token = "<s>";
    input.messages = {{"user", "hi"}};
    EXPECT_EQ((*chosen)->render(input).value(), expected.text);
  }
}

}  // namespace
}  // namespace sixfold::tokenizer
