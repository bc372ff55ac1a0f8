// /api/chat: tools, calls and thinking, in ollama's form.
#include <gtest/gtest.h>

#include "service/chat_bench.h"
#include "service/ollama/fields.h"

namespace sixfold::service {
namespace {

constexpr std::string_view kWeather =
    R"({"type":"function","function":{"name":"get_weather","description":"d","parameters":{"type":"object",
       "properties":{"city":{"type":"string"}},"required":["city"]}}})";

const std::string kTools = R"("tools":[)" + std::string(kWeather) + "]";

std::string body_with(std::string_view fields) {
  return R"({"messages":[{"role":"user","content":"Weather?"}])" + std::string(fields.empty() ? "" : ",") +
         std::string(fields) + "}";
}

std::string body_of(std::string_view messages) {
  return R"({"messages":[)" + std::string(messages) + "]}";
}

OllamaCall call_of(const std::string& body) {
  return accepted(parse_ollama_chat(body, {}));
}

std::string refused_field(const std::string& body) {
  return field_at_fault(parse_ollama_chat(body, {}));
}

std::vector<tokenizer::ChatMessage> messages_of(const OllamaCall& call) {
  return std::get<std::vector<tokenizer::ChatMessage>>(call.request.input);
}

std::vector<boost::json::value> lines_of(const FakeWriter& writer) {
  std::vector<boost::json::value> lines;
  std::string_view rest = writer.stream;
  for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    lines.push_back(boost::json::parse({rest.data(), end}));
    rest.remove_prefix(end + 1);
  }
  EXPECT_TRUE(rest.empty()) << rest;
  return lines;
}

constexpr std::string_view kText =
    "<think>Let me see.</think>\n\nI look. <tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": "
    "\"Paris\"}}\n</tool_call>";

TEST(OllamaChatFields, tools_and_thinking_are_read) {
  const OllamaCall call = call_of(body_with(kTools + R"(,"think":"high")"));
  ASSERT_EQ(call.request.tools.size(), 1u);
  EXPECT_EQ(call.request.tools[0].name, "get_weather");
  EXPECT_EQ(call.request.tool_choice.mode, ToolChoice::Mode::kAuto);
  EXPECT_EQ(call.thinks, true);
  EXPECT_NE(call.request.template_arguments.find(R"("reasoning_effort":"high")"), std::string::npos);
  EXPECT_EQ(call_of(body_with(R"("think":true)")).thinks, true);
  EXPECT_EQ(call_of(body_with(R"("think":false)")).thinks, false);
  EXPECT_FALSE(call_of(body_with("")).thinks.has_value());
}

TEST(OllamaChatFields, calls_and_their_results_find_one_another_without_ids) {
  const auto messages = messages_of(call_of(body_of(
      R"({"role":"assistant","content":"","thinking":"hm","tool_calls":[
            {"function":{"name":"f","arguments":{"x":1}}},{"function":{"index":1,"name":"g","arguments":{}}}]},
         {"role":"tool","tool_name":"g","content":"second"},{"role":"tool","content":"first"},
         {"role":"tool","content":"of nothing"},
         {"role":"assistant","tool_calls":[{"id":"mine","function":{"name":"f","arguments":{}}}]},
         {"role":"tool","tool_call_id":"mine","content":"third"})")));
  ASSERT_EQ(messages.size(), 6u);
  EXPECT_EQ(messages[0].reasoning_content, "hm");
  ASSERT_EQ(messages[0].tool_calls.size(), 2u);
  EXPECT_EQ(messages[0].tool_calls[0].arguments, R"({"x":1})");
  EXPECT_EQ(messages[0].tool_calls[0].id.size(), 9u) << "as Mistral's templates want them";
  EXPECT_EQ(messages[1].tool_call_id, messages[0].tool_calls[1].id);
  EXPECT_EQ(messages[2].tool_call_id, messages[0].tool_calls[0].id);
  EXPECT_EQ(messages[2].name, "f");
  EXPECT_EQ(messages[3].tool_call_id, "");
  EXPECT_EQ(messages[5].tool_call_id, "mine");
  EXPECT_EQ(messages[5].name, "f");
}

TEST(OllamaChatFields, wrong_ones_are_refused_by_name) {
  EXPECT_EQ(refused_field(body_with(R"("think":"much")")), "think");
  EXPECT_EQ(refused_field(body_with(R"("think":3)")), "think");
  EXPECT_EQ(refused_field(body_with(R"("tools":{})")), "tools");
  EXPECT_EQ(refused_field(body_with(R"("tools":[3])")), "tools[0]");
  EXPECT_EQ(refused_field(body_with(R"("tools":[{"type":"function"}])")), "tools[0].function");
  EXPECT_EQ(refused_field(body_with(R"("tools":[{"type":"function","function":{"name":"a b"}}])")),
            "tools[0].function.name");
  EXPECT_EQ(refused_field(body_with(R"("tools":[)" + std::string(kWeather) + "," + std::string(kWeather) + "]")),
            "tools[1].function.name");
  EXPECT_EQ(refused_field(body_with(R"("tool_choice":"required")")), "tool_choice");
  EXPECT_EQ(refused_field(body_of(R"({"role":"user","content":"a","tool_name":"f"})")), "messages[0].tool_name");
  EXPECT_EQ(refused_field(body_of(R"({"role":"user","tool_calls":[{"function":{"name":"f","arguments":{}}}]})")),
            "messages[0].tool_calls");
  EXPECT_EQ(refused_field(body_of(R"({"role":"assistant","tool_calls":[{"function":{"arguments":{}}}]})")),
            "messages[0].tool_calls[0].function.name");
  EXPECT_EQ(refused_field(body_of(R"({"role":"tool","content":3})")), "messages[0].content");
}

TEST(OllamaChat, a_whole_answer_has_thinking_content_and_calls) {
  ThinkingBench bench;
  bench.answer_with(kText);
  const auto writer = bench.call(ollama_chat, body_with(R"("stream":false,"think":true,)" + kTools));
  EXPECT_NE(bench.backend.requests.back().template_arguments.find(R"("enable_thinking":true)"), std::string::npos);
  const auto answer = answer_json(*writer);
  EXPECT_EQ(text_at(answer, "/message/thinking"), "Let me see.");
  EXPECT_EQ(text_at(answer, "/message/content"), "I look.");
  EXPECT_EQ(text_at(answer, "/message/tool_calls/0/function/name"), "get_weather");
  EXPECT_EQ(text_at(answer, "/message/tool_calls/0/function/index"), "0");
  EXPECT_EQ(text_at(answer, "/message/tool_calls/0/function/arguments"), R"({"city":"Paris"})");
  EXPECT_EQ(text_at(answer, "/done_reason"), "stop");
}

TEST(OllamaChat, a_stream_says_the_same_and_each_call_in_one_piece) {
  ThinkingBench bench;
  bench.answer_with(
      std::string(kText) +
      "\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\n  \"city\": \"Rome\"\n}}\n</tool_call>");
  const auto lines = lines_of(*bench.call(ollama_chat, body_with(kTools)));
  std::string thinking, content;
  std::vector<std::string> cities;
  for (const auto& line : lines) {
    const auto& message = line.at("message").as_object();
    EXPECT_EQ(message.at("role"), "assistant");
    content += message.at("content").as_string();
    if (const auto* own = message.if_contains("thinking")) thinking += own->as_string();
    if (const auto* calls = message.if_contains("tool_calls")) {
      ASSERT_EQ(calls->as_array().size(), 1u);
      const auto& function = calls->as_array()[0].at("function");
      EXPECT_EQ(function.at("index").to_number<std::size_t>(), cities.size());
      cities.emplace_back(function.at("arguments").at("city").as_string());
    }
    EXPECT_EQ(line.at("done").as_bool(), &line == &lines.back());
  }
  EXPECT_EQ(thinking, "Let me see.");
  EXPECT_EQ(content, "I look.");
  EXPECT_EQ(cities, (std::vector<std::string>{"Paris", "Rome"}));
}

TEST(OllamaChat, a_call_that_is_cut_off_has_no_arguments) {
  ThinkingBench bench;
  bench.answer_with("<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Pa",
                    engine::FinishReason::kLength);
  const auto answer = answer_json(*bench.call(ollama_chat, body_with(R"("stream":false,)" + kTools)));
  EXPECT_EQ(text_at(answer, "/message/tool_calls/0/function/arguments"), "{}");
  EXPECT_EQ(text_at(answer, "/done_reason"), "length");
}

TEST(OllamaChat, without_tools_what_looks_like_a_call_is_text) {
  ThinkingBench bench;
  bench.answer_with("<tool_call>");
  const auto answer = answer_json(*bench.call(ollama_chat, body_with(R"("stream":false)")));
  EXPECT_EQ(text_at(answer, "/message/content"), "<tool_call>");
  EXPECT_EQ(text_at(answer, "/message/tool_calls"), "(nothing at /message/tool_calls)");
}

TEST(OllamaChat, a_model_that_does_not_think_refuses_to) {
  ThinkingBench bench;
  bench.backend.description.reasoning_format.clear();
  const auto refused = bench.call(ollama_chat, body_with(R"("think":"low")"));
  EXPECT_EQ(refused->answer->status, 400);
  EXPECT_TRUE(text_at(answer_json(*refused), "/error").starts_with("\"think\": the model \"fake\" does not think"));
  EXPECT_TRUE(bench.backend.requests.empty());
  EXPECT_FALSE(bench.call(ollama_chat, body_with(R"("think":false)"))->answer.has_value()) << "it does not anyway";
}

TEST(OllamaChat, abilities_are_listed) {
  ThinkingBench bench;
  EXPECT_EQ(text_at(answer_json(*bench.call(ollama_show, R"({"model":"fake"})")), "/capabilities"),
            R"(["completion","tools","thinking"])");
}

TEST(OllamaChatFields, very_many_results_find_their_calls) {
  std::string calls, results;
  constexpr int kCalls = 20'000;
  for (int i = 0; i < kCalls; ++i) {
    calls += std::string(i > 0 ? "," : "") + R"({"function":{"name":"f","arguments":{}}})";
    results += R"(,{"role":"tool","tool_name":"f"})";
  }
  const auto messages = messages_of(call_of(body_of(R"({"role":"assistant","tool_calls":[)" + calls + "]}" + results)));
  ASSERT_EQ(messages.size(), kCalls + 1u);
  EXPECT_EQ(messages.back().tool_call_id, messages.front().tool_calls.back().id);
}

TEST(OllamaChat, a_call_that_is_cut_off_is_in_the_stream_too) {
  ThinkingBench bench;
  bench.answer_with("<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Pa",
                    engine::FinishReason::kLength);
  const auto lines = lines_of(*bench.call(ollama_chat, body_with(kTools)));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(text_at(lines[0], "/message/tool_calls/0/function/arguments"), "{}");
  EXPECT_EQ(text_at(lines[1], "/done_reason"), "length");
}

}  // namespace
}  // namespace sixfold::service
