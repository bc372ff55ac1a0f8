// Jinja templates render as the reference implementation renders them, and hostile ones end in an error.
#include "tokenizer/chat_template.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tokenizer/jinja/json_value.h"
#include "tokenizer/jinja/template.h"

namespace sixfold::tokenizer {
namespace {

namespace json = boost::json;
using jinja::Value;

std::string file_text(const std::filesystem::path& path) {
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
    const auto compiled = jinja::Template::compile(file_text(file.path()));
    ASSERT_TRUE(compiled.is_ok()) << file.path() << ": " << compiled.error().message;
    const json::value golden = json::parse(file_text(std::filesystem::path(file.path()).replace_extension(".json")));
    std::tm now{};
    const std::string now_text(golden.at("now").as_string());
    ASSERT_NE(strptime(now_text.c_str(), "%Y-%m-%dT%H:%M:%S", &now), nullptr) << now_text;
    for (const json::value& entry : golden.at("cases").as_array()) {
      jinja::Dict variables;
      for (const auto& variable : entry.at("input").as_object())
        variables.set(variable.key(), jinja::value_of_json(variable.value()));
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

std::string text_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// A golden conversation as a service's parser would make it.
ChatInput input_of(const json::object& golden) {
  ChatInput input;
  for (const json::value& item : golden.at("messages").as_array()) {
    const json::object& fields = item.as_object();
    ChatMessage message{text_at(fields, "role"), text_at(fields, "content")};
    message.tool_call_id = text_at(fields, "tool_call_id");
    message.name = text_at(fields, "name");
    if (fields.contains("tool_calls")) {
      for (const json::value& call : fields.at("tool_calls").as_array()) {
        const json::object& function = call.at("function").as_object();
        message.tool_calls.push_back(
            {text_at(call.as_object(), "id"), text_at(function, "name"), json::serialize(function.at("arguments"))});
      }
    }
    input.messages.push_back(std::move(message));
  }
  if (golden.at("tools").is_array()) {
    for (const json::value& tool : golden.at("tools").as_array()) {
      input.tools.push_back({text_at(tool.at("function").as_object(), "name"), json::serialize(tool), "", false});
    }
  }
  json::object arguments = golden;
  for (const char* name : {"messages", "tools", "documents", "add_generation_prompt", "bos_token", "eos_token"}) {
    arguments.erase(name);
  }
  if (!arguments.empty()) input.arguments = json::serialize(arguments);
  input.adds_generation_prompt = golden.at("add_generation_prompt").as_bool();
  input.bos_token = text_at(golden, "bos_token");
  input.eos_token = text_at(golden, "eos_token");
  return input;
}

// What a template would leave out is refused or said in its place, so only what it shows can be compared.
bool is_shown_as_it_is(const ChatInput& input, const ChatAbilities& abilities) {
  const bool has_calls = std::any_of(input.messages.begin(), input.messages.end(),
                                     [](const ChatMessage& message) { return !message.tool_calls.empty(); });
  return (input.tools.empty() || abilities.shows_tools) && (!has_calls || abilities.shows_tool_calls);
}

TEST(ChatTemplate, conversations_render_as_the_reference_renders_them) {
  const char* testdata = std::getenv("SIXFOLD_TESTDATA");
  if (testdata == nullptr) GTEST_SKIP() << "SIXFOLD_TESTDATA is not set";
  std::size_t cases = 0, cases_with_calls = 0;
  for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(testdata) / "golden/chat")) {
    if (file.path().extension() != ".jinja") continue;
    const auto chat = make_chat_template(file_text(file.path()), {});
    ASSERT_TRUE(chat.is_ok()) << file.path() << ": " << chat.error().message;
    const json::value golden = json::parse(file_text(std::filesystem::path(file.path()).replace_extension(".json")));
    std::tm now{};
    ASSERT_NE(strptime(golden.at("now").as_string().c_str(), "%Y-%m-%dT%H:%M:%S", &now), nullptr);
    for (const json::value& entry : golden.at("cases").as_array()) {
      ChatInput input = input_of(entry.at("input").as_object());
      input.now_unix_seconds = timegm(&now);
      const auto text = (*chat)->render(input);
      const std::string name = file.path().stem().string() + ": " + std::string(entry.at("name").as_string());
      if (entry.as_object().contains("error")) {
        EXPECT_FALSE(text.is_ok()) << name;
        continue;
      }
      if (!is_shown_as_it_is(input, (*chat)->abilities())) continue;
      ++cases;
      for (const ChatMessage& message : input.messages) cases_with_calls += message.tool_calls.empty() ? 0 : 1;
      ASSERT_TRUE(text.is_ok()) << name << ": " << text.error().message;
      EXPECT_EQ(*text, std::string(entry.at("expected").as_string())) << name;
    }
  }
  EXPECT_GT(cases, 100u);
  EXPECT_GE(cases_with_calls, 12u);
}

ChatInput conversation_with_tools() {
  ChatInput input;
  input.tools = {{"f", R"({"type":"function","function":{"name":"f"}})", "", false}};
  ChatMessage call{"assistant", ""};
  call.tool_calls = {{"c1", "f", R"({"x":1})"}};
  ChatMessage result{"tool", "21"};
  result.tool_call_id = "c1";
  input.messages = {{"user", "hi"}, std::move(call), std::move(result)};
  return input;
}

std::unique_ptr<ChatTemplate> template_of(std::string_view source) {
  auto made = make_chat_template(source, {});
  EXPECT_TRUE(made.is_ok());
  return *std::move(made);
}

TEST(ChatTemplate, finds_out_how_a_template_wants_calls) {
  constexpr std::string_view kLoop = "{% for m in messages %}{{ m.content or '' }}{% for c in m.tool_calls or [] %}";
  constexpr std::string_view kEnd = "{% endfor %}{% endfor %}";
  const auto with = [&](std::string_view call) {
    return template_of(std::string(kLoop) + std::string(call) + std::string(kEnd));
  };
  const auto object = with("[{{ c.function.name }} {{ c.function.arguments | tojson }}]");
  EXPECT_TRUE(object->abilities().shows_tool_calls);
  EXPECT_FALSE(object->abilities().wants_arguments_as_text);
  ChatInput input = conversation_with_tools();
  input.tools.clear();
  EXPECT_EQ(object->render(input).value(), R"(hi[f {"x": 1}]21)");
  const auto text = with("[{{ c.function.name + c.function.arguments }}]");
  EXPECT_TRUE(text->abilities().wants_arguments_as_text);
  EXPECT_EQ(text->render(input).value(), R"(hi[f{"x":1}]21)");
  const auto printed = with("[{{ c.function.name }}{{ c.function.arguments }}]");
  EXPECT_TRUE(printed->abilities().wants_arguments_as_text) << "Python's form of a dict is not JSON";
  const auto null = template_of(
      "{% for m in messages %}{% if m.content is none %}{{ m.tool_calls[0].function.name ~ "
      "m.tool_calls[0].function.arguments | tojson }}{% else %}{{ m.content }}{% endif %}{% endfor %}");
  EXPECT_TRUE(null->abilities().wants_null_content);
  EXPECT_EQ(null->render(input).value(), R"(hif{"x": 1}21)");
}

TEST(ChatTemplate, tools_that_a_template_cannot_show_are_described_or_refused) {
  const auto calls_only = template_of(
      "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% for c in m.tool_calls or [] %}{{ c.function.name }}"
      "{{ c.function.arguments | tojson }}{% endfor %}{% endfor %}");
  EXPECT_FALSE(calls_only->abilities().shows_tools);
  const std::string text = calls_only->render(conversation_with_tools()).value();
  EXPECT_TRUE(text.starts_with("[system]You may call")) << text;
  EXPECT_NE(text.find(R"({"type":"function","function":{"name":"f"}})"), std::string::npos);

  const auto nothing = template_of("{% for m in messages %}{{ m.content }}{% endfor %}");
  ChatInput input = conversation_with_tools();
  auto refused = nothing->render(input);
  ASSERT_FALSE(refused.is_ok());
  EXPECT_EQ(refused.error().message, "tools: the chat template of this model (model's own) cannot show them");
  input.tools.clear();
  refused = nothing->render(input);
  ASSERT_FALSE(refused.is_ok());
  EXPECT_EQ(refused.error().message, "messages: the chat template of this model (model's own) cannot show tool calls");
}

TEST(ChatTemplate, arguments_are_variables_and_cannot_replace_the_conversation) {
  const auto chat = template_of("{{ enable_thinking }} {{ messages[0].content }} {{ tools is none }}");
  ChatInput input;
  input.messages = {{"user", "hi"}};
  input.arguments = R"({"enable_thinking": false, "messages": 1, "tools": 2})";
  EXPECT_EQ(chat->render(input).value(), "False hi True");
  input.arguments = "[1]";
  EXPECT_FALSE(chat->render(input).is_ok());
}

TEST(ChatTemplate, fallbacks_show_tools_where_the_family_knows_them) {
  const auto fallback = [](std::string token) {
    Vocabulary vocabulary;
    vocabulary.tokens = {std::move(token)};
    return *make_chat_template("", vocabulary);
  };
  for (const char* token : {"<|im_start|>", "<|start_header_id|>", ""}) {
    const auto chat = fallback(token);
    EXPECT_TRUE(chat->abilities().shows_tools) << chat->name();
    EXPECT_TRUE(chat->abilities().shows_tool_calls) << chat->name();
    EXPECT_FALSE(chat->abilities().wants_arguments_as_text) << chat->name();
  }
  for (const char* token : {"<start_of_turn>", "<|start_of_role|>", "<|end|>", "[INST]"}) {
    const auto chat = fallback(token);
    EXPECT_FALSE(chat->render(conversation_with_tools()).is_ok()) << chat->name();
  }
  EXPECT_EQ(fallback("")->render(conversation_with_tools()).value(),
            "Functions that the assistant may call, with a JSON object {\"name\": ..., \"arguments\": {...}} as its "
            "answer:\n{\"type\": \"function\", \"function\": {\"name\": \"f\"}}\nuser: hi\n"
            "assistant: {\"name\": \"f\", \"arguments\": {\"x\": 1}}\ntool: 21\nassistant:");
  EXPECT_EQ(fallback("<|im_start|>")->render(conversation_with_tools()).value(),
            "<|im_start|>system\nYou may call functions. Their signatures, as JSON, one a line:\n<tools>\n"
            "{\"type\": \"function\", \"function\": {\"name\": \"f\"}}\n</tools>\nTo call one, write a JSON object "
            "with its name and arguments within tags:\n<tool_call>\n{\"name\": \"the function\", \"arguments\": "
            "{\"the argument\": \"its value\"}}\n</tool_call><|im_end|>\n<|im_start|>user\nhi<|im_end|>\n"
            "<|im_start|>assistant\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": 1}}\n</tool_call>"
            "<|im_end|>\n<|im_start|>user\n<tool_response>\n21\n</tool_response><|im_end|>\n<|im_start|>assistant\n");
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
