// Tools in OpenAI's chat: what is read and refused, and how calls and reasoning are answered.
#include "service/tools.h"

#include <gtest/gtest.h>

#include <string>

#include "service/bench.h"
#include "service/chat/answer_rule.h"
#include "service/openai_fields.h"

namespace sixfold::service {
namespace {

constexpr std::string_view kTools =
    R"("tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}},
                {"type":"function","function":{"name":"g"}}])";

std::string tool_chat_with(std::string_view fields) {
  return R"({"messages":[{"role":"user","content":"hi"}])" + (fields.empty() ? "" : "," + std::string(fields)) + "}";
}

std::string tool_chat_of(std::string_view messages) {
  return R"({"messages":[)" + std::string(messages) + "]}";
}

GenerateRequest request_of(const std::string& body) {
  auto parsed = parse_chat(body);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    ADD_FAILURE() << refusal->error.message;
    return {};
  }
  return std::get<ChatCall>(std::move(parsed)).request;
}

std::string refused_field(const std::string& body) {
  const auto parsed = parse_chat(body);
  const auto* refusal = std::get_if<Refusal>(&parsed);
  return refusal == nullptr ? "(accepted)" : refusal->field;
}

TEST(ParseTools, reads_tools_and_the_choice) {
  const GenerateRequest request = request_of(tool_chat_with(std::string(kTools) + R"(,"parallel_tool_calls":false)"));
  ASSERT_EQ(request.tools.size(), 2u);
  EXPECT_EQ(request.tools[0].name, "f");
  EXPECT_EQ(request.tools[0].parameters, R"({"type":"object"})");
  EXPECT_EQ(request.tools[1].parameters, "");
  EXPECT_EQ(request.tools[1].definition, R"({"type":"function","function":{"name":"g"}})");
  EXPECT_EQ(request.tool_choice.mode, ToolChoice::Mode::kAuto);
  EXPECT_TRUE(request.tool_choice.is_single);
  EXPECT_TRUE(may_call(request));
  EXPECT_EQ(callable_names(request), (std::vector<std::string>{"f", "g"}));

  const auto choose = [](std::string_view choice) {
    return request_of(tool_chat_with(std::string(kTools) + R"(,"tool_choice":)" + std::string(choice)));
  };
  EXPECT_FALSE(may_call(choose(R"("none")")));
  EXPECT_EQ(choose(R"("required")").tool_choice.mode, ToolChoice::Mode::kRequired);
  const GenerateRequest named = choose(R"({"type":"function","function":{"name":"g"}})");
  EXPECT_EQ(named.tool_choice.mode, ToolChoice::Mode::kRequired);
  EXPECT_EQ(callable_names(named), std::vector<std::string>{"g"});
  const GenerateRequest allowed = choose(
      R"({"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"f"}}]}})");
  EXPECT_EQ(allowed.tool_choice.mode, ToolChoice::Mode::kAuto);
  EXPECT_EQ(callable_names(allowed), std::vector<std::string>{"f"});
}

TEST(ParseTools, refusals_name_the_field) {
  const auto tool = [](std::string_view text) {
    return refused_field(tool_chat_with(R"("tools":[)" + std::string(text) + "]"));
  };
  EXPECT_EQ(tool("1"), "tools[0]");
  EXPECT_EQ(tool(R"({"type":"web_search"})"), "tools[0].type");
  EXPECT_EQ(tool(R"({"type":"function"})"), "tools[0].function");
  EXPECT_EQ(tool(R"({"type":"function","function":{}})"), "tools[0].function.name");
  EXPECT_EQ(tool(R"({"type":"function","function":{"name":"a b"}})"), "tools[0].function.name");
  EXPECT_EQ(tool(R"({"type":"function","function":{"name":"a","parameters":[]}})"), "tools[0].function.parameters");
  EXPECT_EQ(tool(R"({"type":"function","function":{"name":"a","strict":1}})"), "tools[0].function.strict");
  EXPECT_EQ(tool(R"({"type":"function","function":{"name":"a","params":{}}})"), "tools[0].function.params");
  const std::string_view a = R"({"type":"function","function":{"name":"a"}})";
  EXPECT_EQ(tool(std::string(a) + "," + std::string(a)), "tools[1].function.name");
  const auto choice = [](std::string_view text) {
    return refused_field(tool_chat_with(std::string(kTools) + R"(,"tool_choice":)" + std::string(text)));
  };
  EXPECT_EQ(choice("1"), "tool_choice");
  EXPECT_EQ(choice(R"("sometimes")"), "tool_choice");
  EXPECT_EQ(choice(R"({"type":"function"})"), "tool_choice.function");
  EXPECT_EQ(choice(R"({"type":"function","function":{"name":"h"}})"), "tool_choice.function.name");
  EXPECT_EQ(choice(R"({"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}})"),
            "tool_choice.allowed_tools.tools");
  EXPECT_EQ(refused_field(tool_chat_with(R"("tool_choice":"required")")), "tool_choice");
  EXPECT_EQ(refused_field(tool_chat_with(R"("chat_template_kwargs":1)")), "chat_template_kwargs");
  EXPECT_EQ(refused_field(tool_chat_with(R"("reasoning_effort":"huge")")), "reasoning_effort");
}

TEST(ParseTools, the_history_carries_calls_results_and_reasoning) {
  const GenerateRequest request = request_of(tool_chat_of(
      R"({"role":"user","content":"a"},
         {"role":"assistant","content":null,"reasoning_content":"hm","tool_calls":[
            {"id":"c1","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}},
            {"id":"c2","type":"function","function":{"name":"g","arguments":{"y":2}}}]},
         {"role":"tool","tool_call_id":"c1","name":"f","content":"21"})"));
  const auto& messages = std::get<std::vector<tokenizer::ChatMessage>>(request.input);
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(messages[1].reasoning_content, "hm");
  ASSERT_EQ(messages[1].tool_calls.size(), 2u);
  EXPECT_EQ(messages[1].tool_calls[0].id, "c1");
  EXPECT_EQ(messages[1].tool_calls[0].arguments, R"({"x":1})");
  EXPECT_EQ(messages[1].tool_calls[1].arguments, R"({"y":2})");
  EXPECT_EQ(messages[2].tool_call_id, "c1");
  EXPECT_EQ(messages[2].name, "f");

  EXPECT_EQ(refused_field(tool_chat_of(R"({"role":"tool","content":"1"})")), "messages[0].tool_call_id");
  EXPECT_EQ(refused_field(tool_chat_of(R"({"role":"user","content":"1","tool_call_id":"c"})")),
            "messages[0].tool_call_id");
  EXPECT_EQ(refused_field(tool_chat_of(R"({"role":"user","content":"1","tool_calls":[
                {"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]})")),
            "messages[0].tool_calls");
  EXPECT_EQ(refused_field(tool_chat_of(R"({"role":"assistant","tool_calls":[{"id":"a","type":"x"}]})")),
            "messages[0].tool_calls[0].type");
  EXPECT_EQ(refused_field(tool_chat_of(R"({"role":"assistant","content":null})")), "messages[0].content");
  EXPECT_EQ(refused_field(tool_chat_of(R"({"role":"function","content":""})")), "messages[0].role");
}

// Answers with this text, in small parts, and ends by itself.
void say_all(FakeGeneration& generation, std::string_view text) {
  for (std::size_t at = 0; at < text.size(); at += 5) generation.say(std::string(text.substr(at, 5)));
  generation.finish(engine::FinishReason::kStop);
}

struct ToolBench : Bench {
  ToolBench() {
    backend.description.tool_format = "hermes";
    backend.description.reasoning_format = "think";
  }
};

constexpr std::string_view kCallText =
    "<think>hm</think>I look.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": 1}}\n</tool_call>";

TEST(ChatTools, whole_answers_carry_calls_and_reasoning) {
  ToolBench bench;
  bench.backend.script = [](FakeGeneration& generation) { say_all(generation, kCallText); };
  const auto answer = answer_json(*bench.call(chat_completions, tool_chat_with(kTools)));
  EXPECT_EQ(text_at(answer, "/choices/0/message/content"), "I look.");
  EXPECT_EQ(text_at(answer, "/choices/0/message/reasoning_content"), "hm");
  EXPECT_EQ(text_at(answer, "/choices/0/message/tool_calls/0/type"), "function");
  EXPECT_EQ(text_at(answer, "/choices/0/message/tool_calls/0/function/name"), "f");
  EXPECT_EQ(text_at(answer, "/choices/0/message/tool_calls/0/function/arguments"), R"({"x": 1})");
  EXPECT_EQ(text_at(answer, "/choices/0/finish_reason"), "tool_calls");
  EXPECT_EQ(text_at(answer, "/usage/completion_tokens_details/reasoning_tokens"), "2");
}

TEST(ChatTools, without_tools_markers_are_text) {
  ToolBench bench;
  bench.backend.script = [](FakeGeneration& generation) { say_all(generation, "<tool_call>{}"); };
  const auto answer = answer_json(*bench.call(chat_completions, tool_chat_with("")));
  EXPECT_EQ(text_at(answer, "/choices/0/message/content"), "<tool_call>{}");
  EXPECT_EQ(text_at(answer, "/choices/0/finish_reason"), "stop");
  const auto none =
      answer_json(*bench.call(chat_completions, tool_chat_with(std::string(kTools) + R"(,"tool_choice":"none")")));
  EXPECT_EQ(text_at(none, "/choices/0/message/content"), "<tool_call>{}");
}

TEST(ChatTools, an_answer_of_nothing_but_a_call_has_null_content) {
  ToolBench bench;
  bench.backend.script = [](FakeGeneration& generation) {
    say_all(generation, "<tool_call>{\"name\": \"g\", \"arguments\": {}}</tool_call>");
  };
  const auto answer = answer_json(*bench.call(chat_completions, tool_chat_with(kTools)));
  EXPECT_EQ(text_at(answer, "/choices/0/message/content"), "null");
  EXPECT_EQ(text_at(answer, "/choices/0/message/tool_calls/0/function/name"), "g");
}

TEST(ChatTools, a_call_that_is_cut_off_ends_with_length) {
  ToolBench bench;
  bench.backend.script = [](FakeGeneration& generation) {
    generation.say("<tool_call>{\"name\": \"f\", \"arguments\": {\"x\"");
    generation.finish(engine::FinishReason::kLength);
  };
  const auto answer = answer_json(*bench.call(chat_completions, tool_chat_with(kTools)));
  EXPECT_EQ(text_at(answer, "/choices/0/finish_reason"), "length");
  EXPECT_EQ(text_at(answer, "/choices/0/message/tool_calls/0/function/arguments"), R"({"x")");
}

TEST(ChatTools, streams_deltas_of_every_kind_for_every_choice) {
  ToolBench bench;
  bench.backend.script = [](FakeGeneration& generation) {
    for (std::uint32_t choice = 0; choice < 2; ++choice) {
      for (std::size_t at = 0; at < kCallText.size(); at += 3) {
        generation.say(std::string(kCallText.substr(at, 3)), choice);
      }
      generation.finish(engine::FinishReason::kStop, choice);
    }
  };
  const auto writer = bench.call(chat_completions, tool_chat_with(std::string(kTools) + R"(,"stream":true,"n":2)"));
  std::string content[2], reasoning[2], arguments[2], names[2], ids[2], finish[2];
  for (const std::string& data : stream_data(writer->stream)) {
    if (data == "[DONE]") continue;
    const auto chunk = boost::json::parse(data);
    const auto& choice = chunk.at("choices").at(0);
    const auto index = static_cast<std::size_t>(choice.at("index").as_int64());
    const auto& delta = choice.at("delta").get_object();
    if (delta.contains("content")) content[index] += delta.at("content").as_string().c_str();
    if (delta.contains("reasoning_content")) reasoning[index] += delta.at("reasoning_content").as_string().c_str();
    if (delta.contains("tool_calls")) {
      const auto& call = delta.at("tool_calls").at(0).get_object();
      EXPECT_EQ(call.at("index").as_int64(), 0);
      if (call.contains("id")) {
        ids[index] += call.at("id").as_string().c_str();
        names[index] += call.at("function").at("name").as_string().c_str();
      }
      arguments[index] += call.at("function").at("arguments").as_string().c_str();
    }
    if (choice.at("finish_reason").is_string()) finish[index] = choice.at("finish_reason").as_string().c_str();
  }
  for (int index = 0; index < 2; ++index) {
    EXPECT_EQ(content[index], "I look.");
    EXPECT_EQ(reasoning[index], "hm");
    EXPECT_EQ(names[index], "f");
    EXPECT_EQ(arguments[index], R"({"x": 1})");
    EXPECT_EQ(finish[index], "tool_calls");
  }
  EXPECT_NE(ids[0], ids[1]);
}

TEST(ChatTools, logprobs_of_every_token_are_streamed_though_its_text_is_held_back) {
  ToolBench bench;
  bench.backend.script = [](FakeGeneration& generation) {
    for (const std::string_view part : {"a", "<tool", "_call>", "{\"name\": \"f\", \"arguments\": {}}"}) {
      engine::TokenEvent event;
      event.token = 7;
      event.text = part;
      event.chosen = engine::TokenLogprob{7, -0.5f};
      generation.say(std::move(event));
    }
    generation.finish(engine::FinishReason::kStop);
  };
  const auto writer =
      bench.call(chat_completions, tool_chat_with(std::string(kTools) + R"(,"stream":true,"logprobs":true)"));
  std::size_t tokens = 0;
  for (const std::string& data : stream_data(writer->stream)) {
    if (data == "[DONE]") continue;
    const auto chunk = boost::json::parse(data);
    const auto& logprobs = chunk.at("choices").at(0).at("logprobs");
    if (logprobs.is_object()) tokens += logprobs.at("content").get_array().size();
  }
  EXPECT_EQ(tokens, 4u);
}

TEST(ChatTools, reasoning_that_the_prompt_opened_is_reasoning) {
  ToolBench bench;
  bench.backend.script = [](FakeGeneration& generation) {
    generation.is_reasoning = true;
    say_all(generation, "hm</think>\n\nYes.");
  };
  const auto answer = answer_json(*bench.call(chat_completions, tool_chat_with("")));
  EXPECT_EQ(text_at(answer, "/choices/0/message/content"), "Yes.");
  EXPECT_EQ(text_at(answer, "/choices/0/message/reasoning_content"), "hm");
}

TEST(ChatTools, a_level_of_effort_switches_the_reasoning_of_models_that_have_one) {
  ToolBench bench;
  bench.call(chat_completions, tool_chat_with(R"("reasoning_effort":"none")"));
  EXPECT_EQ(bench.backend.requests.back().template_arguments, R"({"enable_thinking":false,"thinking":false})");
  bench.call(chat_completions,
             tool_chat_with(R"("reasoning_effort":"high","chat_template_kwargs":{"thinking":false})"));
  EXPECT_EQ(bench.backend.requests.back().template_arguments,
            R"({"thinking":false,"reasoning_effort":"high","enable_thinking":true})");
  bench.backend.description.reasoning_format.clear();
  const auto refused = bench.call(chat_completions, tool_chat_with(R"("reasoning_effort":"high")"));
  EXPECT_EQ(refused->answer->status, 400);
  EXPECT_EQ(text_at(answer_json(*refused), "/error/param"), "reasoning_effort");
  bench.call(chat_completions, tool_chat_with(R"("reasoning_effort":"none")"));
  EXPECT_EQ(bench.backend.requests.back().template_arguments, "");
}

// A schema becomes a rule that says so; "no" stands for one that cannot be enforced.
Result<std::string> fake_rules(const json::value& schema, std::string_view rule) {
  if (schema.get_object().contains("no")) return Error{ErrorCode::kInvalidArgument, "cannot be enforced"};
  return std::string(rule) + " ::= \"{}\"";
}

GenerateRequest tool_request(ToolChoice::Mode mode) {
  GenerateRequest request;
  request.tools = {{"f", "{}", R"({"type":"object"})"}, {"g", "{}", R"({"no":1})"}};
  request.tool_choice.mode = mode;
  return request;
}

TEST(AnswerRule, required_calls_are_the_whole_answer) {
  const auto rule =
      make_answer_rule(tool_request(ToolChoice::Mode::kRequired), *find_tool_format("hermes"), nullptr, fake_rules);
  ASSERT_TRUE(rule.is_ok());
  EXPECT_TRUE(rule->triggers.empty());
  EXPECT_EQ(
      rule->grammar,
      "root ::= calls\n"
      "calls ::= call (\"\\n\" call)*\n"
      "call ::= call-0 | call-1\n"
      "call-0 ::= \"<tool_call>\\n{\\\"name\\\": \\\"f\\\", \\\"arguments\\\": \" arguments-0 \"}\\n</tool_call>\"\n"
      "arguments-0 ::= \"{}\"\n"
      "call-1 ::= \"<tool_call>\\n{\\\"name\\\": \\\"g\\\", \\\"arguments\\\": \" arguments-1 \"}\\n</tool_call>\"\n"
      "arguments-1 ::= \"{}\"\n");
}

TEST(AnswerRule, free_answers_are_bound_from_the_beginning_of_a_call) {
  GenerateRequest request = tool_request(ToolChoice::Mode::kAuto);
  request.tool_choice.names = {"f"};
  request.tool_choice.is_single = true;
  const auto rule = make_answer_rule(request, *find_tool_format("mistral"), nullptr, fake_rules);
  ASSERT_TRUE(rule.is_ok());
  EXPECT_EQ(rule->triggers, std::vector<std::string>{"[TOOL_CALLS]"});
  EXPECT_TRUE(rule->grammar.starts_with("root ::= calls\ncalls ::= \"[TOOL_CALLS][\" call \"]\"\ncall ::= call-0\n"))
      << rule->grammar;
}

TEST(AnswerRule, required_calls_come_after_reasoning_that_is_open) {
  const auto rule = make_answer_rule(tool_request(ToolChoice::Mode::kRequired), *find_tool_format("json"),
                                     find_reasoning_format("think"), fake_rules);
  ASSERT_TRUE(rule.is_ok());
  EXPECT_EQ(rule->triggers, std::vector<std::string>{"</think>"});
  EXPECT_TRUE(rule->grammar.starts_with("root ::= \"</think>\" [ \\n]* (calls)\ncalls ::= call")) << rule->grammar;
}

TEST(AnswerRule, strict_tools_with_a_schema_that_cannot_be_enforced_are_refused) {
  GenerateRequest request = tool_request(ToolChoice::Mode::kAuto);
  request.tools[1].is_strict = true;
  const auto rule = make_answer_rule(request, *find_tool_format("json"), nullptr, fake_rules);
  ASSERT_FALSE(rule.is_ok());
  EXPECT_EQ(rule.error().message, "tools[1].parameters: cannot be enforced");
  request.tool_choice.mode = ToolChoice::Mode::kNone;
  EXPECT_TRUE(make_answer_rule(request, *find_tool_format("json"), nullptr, fake_rules)->grammar.empty());
}

TEST(AnswerRule, a_rule_of_the_request_holds_beside_calls_and_behind_reasoning) {
  GenerateRequest request;
  request.output_rule.grammar = "root ::= \"root\" [root] root-1 # root\nroot-1 ::= root?\n";
  const ToolFormat& format = *find_tool_format("json");
  EXPECT_EQ(make_answer_rule(request, format, nullptr, fake_rules)->grammar, request.output_rule.grammar);
  const std::string renamed = "answer ::= \"root\" [root] root-1 # root\nroot-1 ::= answer?\n";
  EXPECT_EQ(rename_root(request.output_rule.grammar, "answer"), renamed);
  const auto behind = make_answer_rule(request, format, find_reasoning_format("think"), fake_rules);
  EXPECT_EQ(behind->grammar, "root ::= \"</think>\" [ \\n]* (answer)\n" + renamed);
  EXPECT_EQ(behind->triggers, std::vector<std::string>{"</think>"});

  request.tools = {{"f", "{}", ""}};
  const auto either = make_answer_rule(request, format, nullptr, fake_rules);
  EXPECT_TRUE(either->grammar.starts_with("root ::= calls | answer\n")) << either->grammar;
  EXPECT_TRUE(either->grammar.ends_with(renamed));
  EXPECT_TRUE(either->triggers.empty());
  request.tool_choice.mode = ToolChoice::Mode::kRequired;
  EXPECT_TRUE(make_answer_rule(request, format, nullptr, fake_rules)->grammar.starts_with("root ::= calls\ncalls"));
}

}  // namespace
}  // namespace sixfold::service
