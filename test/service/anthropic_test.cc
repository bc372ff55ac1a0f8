// Anthropic's Messages: what is read and refused, the whole answer and the stream of events.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "service/anthropic_parse.h"
#include "service/bench.h"

namespace sixfold::service {
namespace {

std::string body_with(std::string_view fields) {
  return R"({"max_tokens":64,"messages":[{"role":"user","content":"hi"}])" +
         (fields.empty() ? "" : "," + std::string(fields)) + "}";
}

std::string body_of(std::string_view messages) {
  return R"({"max_tokens":64,"messages":[)" + std::string(messages) + "]}";
}

MessagesCall message_call_of(const std::string& body) {
  auto parsed = parse_messages(body);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    ADD_FAILURE() << refusal->error.message;
    return {};
  }
  return std::get<MessagesCall>(std::move(parsed));
}

std::string message_refused_field(const std::string& body) {
  const auto parsed = parse_messages(body);
  const auto* refusal = std::get_if<Refusal>(&parsed);
  return refusal == nullptr ? "(accepted)" : refusal->field;
}

TEST(ParseMessages, reads_every_field) {
  const MessagesCall call = message_call_of(body_with(
      R"("model":"m","system":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"stop_sequences":["x"],
         "temperature":0.5,"top_p":0.9,"top_k":7,"stream":true,"metadata":{"user_id":"u"},
         "tools":[{"name":"f","description":"d","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral"}}],
         "tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true},
         "thinking":{"type":"disabled"})"));
  EXPECT_EQ(call.request.model, "m");
  EXPECT_EQ(call.request.tokens_max, 64u);
  EXPECT_EQ(call.request.stop, std::vector<std::string>{"x"});
  EXPECT_FLOAT_EQ(call.request.sampling.temperature, 0.5f);
  EXPECT_EQ(call.request.sampling.top_k, 7u);
  EXPECT_TRUE(call.streams);
  ASSERT_EQ(call.request.tools.size(), 1u);
  EXPECT_EQ(call.request.tools[0].definition,
            R"({"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}})");
  EXPECT_EQ(call.request.tool_choice.mode, ToolChoice::Mode::kRequired);
  EXPECT_EQ(call.request.tool_choice.names, std::vector<std::string>{"f"});
  EXPECT_TRUE(call.request.tool_choice.is_single);
  EXPECT_EQ(call.thinks, false);
  const auto& messages = std::get<std::vector<tokenizer::ChatMessage>>(call.request.input);
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].role, "system");
  EXPECT_EQ(messages[0].content, "a\nb");
}

TEST(ParseMessages, blocks_become_messages) {
  const MessagesCall call = message_call_of(body_of(
      R"({"role":"user","content":[{"type":"text","text":"a"}]},
         {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"b"},
            {"type":"tool_use","id":"t1","name":"f","input":{"x":1}},{"type":"tool_use","id":"t2","name":"g","input":{}}]},
         {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"21"},
            {"type":"tool_result","tool_use_id":"t2","is_error":true,"content":[{"type":"text","text":"no"}]},
            {"type":"text","text":"go on"}]})"));
  const auto& messages = std::get<std::vector<tokenizer::ChatMessage>>(call.request.input);
  ASSERT_EQ(messages.size(), 5u);
  EXPECT_EQ(messages[1].content, "b");
  EXPECT_EQ(messages[1].reasoning_content, "hm");
  ASSERT_EQ(messages[1].tool_calls.size(), 2u);
  EXPECT_EQ(messages[1].tool_calls[0].arguments, R"({"x":1})");
  EXPECT_EQ(messages[2].role, "tool");
  EXPECT_EQ(messages[2].tool_call_id, "t1");
  EXPECT_EQ(messages[3].content, "Error: no");
  EXPECT_EQ(messages[4].role, "user");
  EXPECT_EQ(messages[4].content, "go on");
}

TEST(ParseMessages, refusals_name_the_field) {
  EXPECT_EQ(message_refused_field(R"({"messages":[{"role":"user","content":"hi"}]})"), "max_tokens");
  EXPECT_EQ(message_refused_field(R"({"max_tokens":1})"), "messages");
  EXPECT_EQ(message_refused_field(R"({"max_tokens":1,"messages":[]})"), "messages");
  EXPECT_EQ(message_refused_field(body_of("1")), "messages[0]");
  EXPECT_EQ(message_refused_field(body_of(R"({"role":"system","content":"x"})")), "messages[0].role");
  EXPECT_EQ(message_refused_field(body_of(R"({"role":"user"})")), "messages[0].content");
  EXPECT_EQ(message_refused_field(body_of(R"({"role":"user","content":[{"type":"image","source":{}}]})")),
            "messages[0].content[0].type");
  EXPECT_EQ(message_refused_field(body_of(R"({"role":"user","content":[{"type":"text"}]})")),
            "messages[0].content[0].text");
  EXPECT_EQ(message_refused_field(
                body_of(R"({"role":"user","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]})")),
            "messages[0].content[0].type");
  EXPECT_EQ(message_refused_field(
                body_of(R"({"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":1}]})")),
            "messages[0].content[0].input");
  EXPECT_EQ(message_refused_field(body_with(R"("temperature":1.5)")), "temperature");
  EXPECT_EQ(message_refused_field(body_with(R"("max_token":1)")), "max_token");
  EXPECT_EQ(message_refused_field(body_with(R"("tools":[{"type":"web_search_20250305","name":"web_search"}])")),
            "tools[0].type");
  EXPECT_EQ(message_refused_field(body_with(R"("tools":[{"name":"f"}])")), "tools[0].input_schema");
  EXPECT_EQ(message_refused_field(body_with(R"("tool_choice":{"type":"any"})")), "tool_choice");
  EXPECT_EQ(message_refused_field(body_with(R"("tool_choice":{"type":"maybe"})")), "tool_choice.type");
  EXPECT_EQ(message_refused_field(body_with(R"("thinking":{"type":"enabled"})")), "thinking.budget_tokens");
  EXPECT_EQ(message_refused_field(body_with(R"("thinking":{"type":"enabled","budget_tokens":2000})")),
            "thinking.budget_tokens");
  EXPECT_EQ(message_refused_field(body_with(R"("mcp_servers":[{"url":"x"}])")), "mcp_servers");
  const auto counting = parse_messages(R"({"messages":[{"role":"user","content":"hi"}]})", {}, true);
  EXPECT_TRUE(std::holds_alternative<MessagesCall>(counting)) << "a count needs no max_tokens";
}

constexpr std::string_view kMessageTools = R"("tools":[{"name":"f","input_schema":{"type":"object"}}])";
constexpr std::string_view kText =
    "<think>hm</think>I look.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": 1}}\n</tool_call>";

struct MessagesBench : Bench {
  MessagesBench() {
    backend.description.tool_format = "hermes";
    backend.description.reasoning_format = "think";
    answer_with(kText);
  }
  void answer_with(std::string_view text, engine::FinishReason finish = engine::FinishReason::kStop) {
    backend.script = [text, finish](FakeGeneration& generation) {
      for (std::size_t at = 0; at < text.size(); at += 5) generation.say(std::string(text.substr(at, 5)));
      generation.finish(finish);
    };
  }
};

TEST(Messages, a_whole_answer_has_blocks_in_their_order) {
  MessagesBench bench;
  const auto writer = bench.call(messages, body_with(kMessageTools));
  const auto answer = answer_json(*writer);
  EXPECT_EQ(text_at(answer, "/type"), "message");
  EXPECT_EQ(text_at(answer, "/content/0/type"), "thinking");
  EXPECT_EQ(text_at(answer, "/content/0/thinking"), "hm");
  EXPECT_EQ(text_at(answer, "/content/1/text"), "I look.");
  EXPECT_EQ(text_at(answer, "/content/2/type"), "tool_use");
  EXPECT_EQ(text_at(answer, "/content/2/name"), "f");
  EXPECT_EQ(text_at(answer, "/content/2/input/x"), "1");
  EXPECT_EQ(text_at(answer, "/stop_reason"), "tool_use");
  EXPECT_EQ(text_at(answer, "/stop_sequence"), "null");
  EXPECT_EQ(text_at(answer, "/usage/input_tokens"), "3");
  EXPECT_EQ(text_at(answer, "/usage/cache_read_input_tokens"), "2");
  ASSERT_FALSE(writer->answer->headers.empty());
  EXPECT_EQ(writer->answer->headers[0].name, "request-id");
  EXPECT_EQ(writer->answer->headers[0].value, "request-1");
}

TEST(Messages, stop_reasons) {
  MessagesBench bench;
  bench.answer_with("Hi");
  EXPECT_EQ(text_at(answer_json(*bench.call(messages, body_with(""))), "/stop_reason"), "end_turn");
  // Three tokens were generated, of 64 or of 3 that were allowed.
  bench.answer_with("Hi", engine::FinishReason::kLength);
  EXPECT_EQ(text_at(answer_json(*bench.call(messages, body_with(""))), "/stop_reason"),
            "model_context_window_exceeded");
  EXPECT_EQ(
      text_at(answer_json(*bench.call(messages, R"({"max_tokens":3,"messages":[{"role":"user","content":"hi"}]})")),
              "/stop_reason"),
      "max_tokens");
  bench.backend.script = [](FakeGeneration& generation) {
    engine::TokenEvent event;
    event.text = "Hi";
    event.finish = engine::FinishReason::kStop;
    event.stop_text = "END";
    generation.is_done = true;
    generation.say(std::move(event));
  };
  const auto answer = answer_json(*bench.call(messages, body_with("")));
  EXPECT_EQ(text_at(answer, "/stop_reason"), "stop_sequence");
  EXPECT_EQ(text_at(answer, "/stop_sequence"), "END");
}

TEST(Messages, the_stream_opens_fills_and_closes_every_block) {
  MessagesBench bench;
  const auto writer = bench.call(messages, body_with(std::string(kMessageTools) + R"(,"stream":true)"));
  std::vector<std::string> kinds;
  std::string text, thinking, input;
  std::int64_t open = -1, next = 0;
  for (const std::string& data : stream_data(writer->stream)) {
    const auto event = boost::json::parse(data);
    const std::string kind = text_at(event, "/type");
    if (kinds.empty() || kinds.back() != kind) kinds.push_back(kind);
    if (kind == "content_block_start") {
      EXPECT_EQ(open, -1) << "one block at a time";
      open = event.at("index").as_int64();
      EXPECT_EQ(open, next++);
    } else if (kind == "content_block_delta") {
      EXPECT_EQ(event.at("index").as_int64(), open);
      const auto& delta = event.at("delta").get_object();
      if (delta.contains("text")) text += delta.at("text").as_string().c_str();
      if (delta.contains("thinking")) thinking += delta.at("thinking").as_string().c_str();
      if (delta.contains("partial_json")) input += delta.at("partial_json").as_string().c_str();
    } else if (kind == "content_block_stop") {
      EXPECT_EQ(event.at("index").as_int64(), open);
      open = -1;
    } else if (kind == "message_delta") {
      EXPECT_EQ(text_at(event, "/delta/stop_reason"), "tool_use");
      EXPECT_EQ(text_at(event, "/usage/output_tokens"), "3");
    } else if (kind == "message_start") {
      EXPECT_EQ(text_at(event, "/message/usage/input_tokens"), "5");
    }
    EXPECT_NE(writer->stream.find("event: " + kind + "\ndata: "), std::string::npos);
  }
  EXPECT_EQ(next, 3);
  EXPECT_EQ(thinking, "hm");
  EXPECT_EQ(text, "I look.");
  EXPECT_EQ(input, R"({"x": 1})");
  ASSERT_GE(kinds.size(), 4u);
  EXPECT_EQ(kinds[0], "message_start");
  EXPECT_EQ(kinds[1], "ping");
  EXPECT_EQ(kinds[kinds.size() - 2], "message_delta");
  EXPECT_EQ(kinds.back(), "message_stop");
}

TEST(Messages, a_call_that_is_cut_off_has_an_empty_input) {
  MessagesBench bench;
  bench.answer_with("<tool_call>{\"name\": \"f\", \"arguments\": {\"x\"", engine::FinishReason::kLength);
  const auto answer = answer_json(*bench.call(messages, body_with(kMessageTools)));
  EXPECT_EQ(text_at(answer, "/content/0/input"), "{}");
}

TEST(Messages, thinking_is_off_unless_asked_for_and_refused_where_there_is_none) {
  MessagesBench bench;
  bench.call(messages, body_with(""));
  EXPECT_EQ(bench.backend.requests.back().template_arguments, R"({"enable_thinking":false,"thinking":false})");
  bench.call(messages, body_with(R"("thinking":{"type":"adaptive"})"));
  EXPECT_EQ(bench.backend.requests.back().template_arguments, R"({"enable_thinking":true,"thinking":true})");
  bench.backend.description.reasoning_format.clear();
  bench.call(messages, body_with(""));
  EXPECT_EQ(bench.backend.requests.back().template_arguments, "");
  EXPECT_EQ(bench.call(messages, body_with(R"("thinking":{"type":"adaptive"})"))->answer->status, 400);
}

TEST(Messages, errors_have_the_dialects_shape) {
  MessagesBench bench;
  const auto refused = bench.call(messages, "{}");
  EXPECT_EQ(refused->answer->status, 400);
  auto body = answer_json(*refused);
  EXPECT_EQ(text_at(body, "/type"), "error");
  EXPECT_EQ(text_at(body, "/error/type"), "invalid_request_error");
  EXPECT_EQ(text_at(body, "/request_id"), "request-1");
  body = answer_json(*bench.call(messages, body_with(R"("model":"other")")));
  EXPECT_EQ(text_at(body, "/error/type"), "not_found_error");
  EXPECT_EQ(text_at(body, "/request_id"), "request-1");
  bench.backend.refusal = unavailable("stopping");
  const auto overloaded = bench.call(messages, body_with(""));
  EXPECT_EQ(overloaded->answer->status, 529);
  EXPECT_EQ(text_at(answer_json(*overloaded), "/error/type"), "overloaded_error");
  EXPECT_EQ(http_error_response(404, "no such path", "/v1/messages/x").body,
            R"({"type":"error","error":{"type":"not_found_error","message":"no such path"},"request_id":null})");
}

TEST(Messages, a_stream_that_fails_ends_with_an_error_event) {
  MessagesBench bench;
  bench.backend.script = [](FakeGeneration& generation) {
    generation.say("a");
    generation.fail(internal_error("broken"));
  };
  const auto writer = bench.call(messages, body_with(R"("stream":true)"));
  const auto data = stream_data(writer->stream);
  EXPECT_NE(writer->stream.find("event: error\n"), std::string::npos);
  EXPECT_EQ(text_at(boost::json::parse(data.back()), "/error/type"), "api_error");
}

TEST(CountTokens, counts_the_prompt) {
  MessagesBench bench;
  const std::string body = R"({"messages":[{"role":"user","content":"abc"}]})";
  EXPECT_EQ(bench.call(count_tokens, body)->answer->body, R"({"input_tokens":4})");
  EXPECT_EQ(bench.call(count_tokens, R"({"messages":[]})")->answer->status, 400);
  EXPECT_EQ(bench.call(count_tokens, R"({"model":"other","messages":[{"role":"user","content":"a"}]})")->answer->status,
            404);
}

}  // namespace
}  // namespace sixfold::service
