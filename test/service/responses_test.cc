// OpenAI's Responses: what is read and refused, answers and their events, and what the server keeps.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "service/bench.h"
#include "service/responses/parse.h"
#include "service/responses/store.h"

namespace sixfold::service {
namespace {

std::string responses_body_with(std::string_view fields) {
  return R"({"input":"hi")" + (fields.empty() ? "" : "," + std::string(fields)) + "}";
}

ResponsesCall responses_call_of(const std::string& body) {
  auto parsed = parse_responses(body);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    ADD_FAILURE() << refusal->error.message;
    return {};
  }
  return std::get<ResponsesCall>(std::move(parsed));
}

std::string responses_refused_field(const std::string& body) {
  const auto parsed = parse_responses(body);
  const auto* refusal = std::get_if<Refusal>(&parsed);
  return refusal == nullptr ? "(accepted)" : refusal->field;
}

TEST(ParseResponses, reads_every_field) {
  const ResponsesCall call = responses_call_of(responses_body_with(
      R"("model":"m","instructions":"i","previous_response_id":"resp_1","temperature":0.5,"top_p":0.9,
         "max_output_tokens":7,"stream":true,"store":false,"metadata":{"a":"b"},"parallel_tool_calls":false,
         "tools":[{"type":"function","name":"f","description":"d","parameters":{"type":"object"},"strict":true}],
         "tool_choice":{"type":"function","name":"f"},"text":{"format":{"type":"text"}},"reasoning":{"effort":"none"},
         "include":["message.output_text.logprobs"],"top_logprobs":3,"truncation":"disabled")"));
  EXPECT_EQ(call.request.model, "m");
  EXPECT_EQ(call.instructions, "i");
  EXPECT_EQ(call.previous, "resp_1");
  EXPECT_EQ(call.request.tokens_max, 7u);
  EXPECT_TRUE(call.streams);
  EXPECT_FALSE(call.stores);
  EXPECT_EQ(call.thinks, false);
  EXPECT_TRUE(call.request.wants_logprobs);
  EXPECT_EQ(call.request.logprobs, 3u);
  ASSERT_EQ(call.request.tools.size(), 1u);
  EXPECT_EQ(call.request.tools[0].definition,
            R"({"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}})");
  EXPECT_TRUE(call.request.tools[0].is_strict);
  EXPECT_EQ(call.request.tool_choice.names, std::vector<std::string>{"f"});
  EXPECT_TRUE(call.request.tool_choice.is_single);
  ASSERT_EQ(call.input.size(), 1u);
  EXPECT_EQ(call.input[0].content, "hi");
  const auto echo = boost::json::parse("{" + call.echo + "}");
  EXPECT_EQ(text_at(echo, "/instructions"), "i");
  EXPECT_EQ(text_at(echo, "/metadata/a"), "b");
  EXPECT_EQ(text_at(echo, "/store"), "false");
}

TEST(ParseResponses, items_become_messages) {
  const ResponsesCall call = responses_call_of(R"({"input":[
      {"role":"developer","content":"s"},
      {"type":"message","role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_text","text":"b"}]},
      {"type":"reasoning","id":"rs_1","summary":[],"content":[{"type":"reasoning_text","text":"hm"}]},
      {"type":"message","id":"msg_1","role":"assistant","status":"completed",
       "content":[{"type":"output_text","text":"c","annotations":[]}]},
      {"type":"function_call","id":"fc_1","call_id":"c1","name":"f","arguments":"{\"x\":1}"},
      {"type":"function_call","call_id":"c2","name":"g","arguments":"{}"},
      {"type":"function_call_output","call_id":"c1","output":"21"},
      {"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"22"}]}]})");
  ASSERT_EQ(call.input.size(), 5u);
  EXPECT_EQ(call.input[0].role, "system");
  EXPECT_EQ(call.input[1].content, "ab");
  EXPECT_EQ(call.input[2].content, "c");
  EXPECT_EQ(call.input[2].reasoning_content, "hm");
  ASSERT_EQ(call.input[2].tool_calls.size(), 2u);
  EXPECT_EQ(call.input[2].tool_calls[1].name, "g");
  EXPECT_EQ(call.input[3].tool_call_id, "c1");
  EXPECT_EQ(call.input[4].content, "22");
  ASSERT_EQ(call.items.size(), 8u);
  for (const std::string& item : call.items) {
    EXPECT_TRUE(boost::json::parse(item).as_object().contains("id")) << item;
    EXPECT_TRUE(boost::json::parse(item).as_object().contains("type")) << item;
  }
}

TEST(ParseResponses, refusals_name_the_field) {
  EXPECT_EQ(responses_refused_field("{}"), "input");
  EXPECT_EQ(responses_refused_field(R"({"input":[]})"), "input");
  EXPECT_EQ(responses_refused_field(R"({"input":[{"type":"item_reference","id":"x"}]})"), "input[0].type");
  EXPECT_EQ(
      responses_refused_field(R"({"input":[{"role":"user","content":[{"type":"input_image","image_url":"x"}]}]})"),
      "input[0].content[0].type");
  EXPECT_EQ(responses_refused_field(R"({"input":[{"role":"robot","content":"x"}]})"), "input[0].role");
  EXPECT_EQ(responses_refused_field(R"({"input":[{"type":"function_call_output","output":"x"}]})"), "input[0].call_id");
  EXPECT_EQ(responses_refused_field(responses_body_with(R"("tools":[{"type":"web_search"}])")), "tools[0].type");
  EXPECT_EQ(responses_refused_field(responses_body_with(R"("tool_choice":"required")")), "tool_choice");
  EXPECT_EQ(responses_refused_field(responses_body_with(R"("truncation":"auto")")), "truncation");
  EXPECT_EQ(responses_refused_field(responses_body_with(R"("conversation":"c")")), "conversation");
  EXPECT_EQ(responses_refused_field(responses_body_with(R"("background":true,"store":false)")), "background");
  EXPECT_EQ(responses_refused_field(responses_body_with(R"("background":true,"stream":true)")), "background");
  EXPECT_EQ(responses_refused_field(responses_body_with(R"("include":["web_search_call.results"])")), "include");
  EXPECT_EQ(responses_refused_field(responses_body_with(R"("reasoning":{"effort":"huge"})")), "reasoning.effort");
  EXPECT_EQ(responses_refused_field(responses_body_with(R"("temperature":3)")), "temperature");
  EXPECT_EQ(responses_refused_field(responses_body_with(R"("max_tokens":3)")), "max_tokens");
}

constexpr std::string_view kResponsesTools = R"("tools":[{"type":"function","name":"f"}])";
constexpr std::string_view kResponsesText =
    "<think>hm</think>I look.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": 1}}\n</tool_call>";

struct ResponsesBench : Bench {
  ResponsesBench() {
    backend.description.tool_format = "hermes";
    backend.description.reasoning_format = "think";
    answer_with(kResponsesText);
  }
  void answer_with(std::string_view text, engine::FinishReason finish = engine::FinishReason::kStop) {
    backend.script = [text, finish](FakeGeneration& generation) {
      for (std::size_t at = 0; at < text.size(); at += 5) generation.say(std::string(text.substr(at, 5)));
      generation.finish(finish);
    };
  }
  std::shared_ptr<FakeWriter> ask(Endpoint endpoint, std::string id,
                                  std::vector<std::pair<std::string, std::string>> query = {}) {
    net::HttpRequest request;
    request.path_values = {{"response_id", std::move(id)}};
    request.query = std::move(query);
    auto writer = std::make_shared<FakeWriter>();
    endpoint(state, request, writer);
    return writer;
  }
  const std::vector<tokenizer::ChatMessage>& last_messages() const {
    return std::get<std::vector<tokenizer::ChatMessage>>(backend.requests.back().input);
  }
};

TEST(Responses, a_whole_answer_has_items_in_their_order) {
  ResponsesBench bench;
  const auto answer = answer_json(*bench.call(create_response, responses_body_with(kResponsesTools)));
  EXPECT_EQ(text_at(answer, "/object"), "response");
  EXPECT_EQ(text_at(answer, "/status"), "completed");
  EXPECT_EQ(text_at(answer, "/output/0/type"), "reasoning");
  EXPECT_EQ(text_at(answer, "/output/0/content/0/text"), "hm");
  EXPECT_EQ(text_at(answer, "/output/1/type"), "message");
  EXPECT_EQ(text_at(answer, "/output/1/content/0/text"), "I look.");
  EXPECT_EQ(text_at(answer, "/output/2/type"), "function_call");
  EXPECT_EQ(text_at(answer, "/output/2/arguments"), R"({"x": 1})");
  EXPECT_EQ(text_at(answer, "/usage/total_tokens"), "8");
  EXPECT_EQ(text_at(answer, "/tools/0/name"), "f");
}

TEST(Responses, an_answer_at_its_length_is_incomplete) {
  ResponsesBench bench;
  bench.answer_with("Hi", engine::FinishReason::kLength);
  const auto answer = answer_json(*bench.call(create_response, responses_body_with("")));
  EXPECT_EQ(text_at(answer, "/status"), "incomplete");
  EXPECT_EQ(text_at(answer, "/incomplete_details/reason"), "max_output_tokens");
  EXPECT_EQ(text_at(answer, "/output/0/status"), "incomplete");
}

TEST(Responses, the_stream_tells_every_item_and_ends_with_the_response) {
  ResponsesBench bench;
  const auto writer =
      bench.call(create_response, responses_body_with(std::string(kResponsesTools) + R"(,"stream":true)"));
  std::vector<std::string> kinds;
  std::string text, arguments, reasoning;
  std::int64_t number = 0;
  boost::json::value last;
  for (const std::string& data : stream_data(writer->stream)) {
    const auto event = boost::json::parse(data);
    EXPECT_EQ(event.at("sequence_number").as_int64(), number++);
    const std::string kind = text_at(event, "/type");
    EXPECT_NE(writer->stream.find("event: " + kind + "\ndata: "), std::string::npos);
    if (kind == "response.output_text.delta") text += text_at(event, "/delta");
    if (kind == "response.function_call_arguments.delta") arguments += text_at(event, "/delta");
    if (kind == "response.reasoning_text.delta") reasoning += text_at(event, "/delta");
    if (!kind.ends_with(".delta")) kinds.push_back(kind);
    last = event;
  }
  EXPECT_EQ(text, "I look.");
  EXPECT_EQ(arguments, R"({"x": 1})");
  EXPECT_EQ(reasoning, "hm");
  EXPECT_EQ(kinds,
            (std::vector<std::string>{
                "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
                "response.reasoning_text.done", "response.content_part.done", "response.output_item.done",
                "response.output_item.added", "response.content_part.added", "response.output_text.done",
                "response.content_part.done", "response.output_item.done", "response.output_item.added",
                "response.function_call_arguments.done", "response.output_item.done", "response.completed"}));
  EXPECT_EQ(text_at(last, "/response/output/1/content/0/text"), "I look.");
  EXPECT_EQ(text_at(last, "/response/usage/output_tokens"), "3");
}

TEST(Responses, a_stream_that_fails_says_so_in_an_event) {
  ResponsesBench bench;
  bench.backend.script = [](FakeGeneration& generation) {
    generation.say("a");
    generation.fail(internal_error("broken"));
  };
  const auto writer = bench.call(create_response, responses_body_with(R"("stream":true)"));
  const auto last = boost::json::parse(stream_data(writer->stream).back());
  EXPECT_EQ(text_at(last, "/type"), "response.failed");
  EXPECT_EQ(text_at(last, "/response/status"), "failed");
}

TEST(Responses, a_later_request_goes_on_with_the_conversation) {
  ResponsesBench bench;
  const auto first = answer_json(
      *bench.call(create_response, responses_body_with(std::string(kResponsesTools) + R"(,"instructions":"i")")));
  ASSERT_EQ(bench.last_messages().size(), 2u);
  EXPECT_EQ(bench.last_messages()[0].content, "i");
  const std::string id = text_at(first, "/id");
  bench.call(create_response, R"({"previous_response_id":")" + id + R"(","input":[
      {"type":"function_call_output","call_id":"c","output":"21"}]})");
  const auto& messages = bench.last_messages();
  ASSERT_EQ(messages.size(), 3u) << "instructions do not carry over";
  EXPECT_EQ(messages[0].content, "hi");
  EXPECT_EQ(messages[1].content, "I look.");
  EXPECT_EQ(messages[1].reasoning_content, "hm");
  ASSERT_EQ(messages[1].tool_calls.size(), 1u);
  EXPECT_EQ(messages[2].content, "21");

  const auto unknown = bench.call(create_response, responses_body_with(R"("previous_response_id":"resp_0")"));
  EXPECT_EQ(unknown->answer->status, 400);
  EXPECT_EQ(text_at(answer_json(*unknown), "/error/code"), "previous_response_not_found");
}

TEST(Responses, are_kept_shown_and_deleted) {
  ResponsesBench bench;
  const auto whole = bench.call(create_response, responses_body_with(""));
  const std::string id = text_at(answer_json(*whole), "/id");
  EXPECT_EQ(bench.ask(show_response, id)->answer->body, whole->answer->body);
  EXPECT_EQ(text_at(answer_json(*bench.ask(list_response_items, id)), "/data/0/content/0/text"), "hi");
  EXPECT_EQ(bench.ask(cancel_response, id)->answer->status, 400) << "not a background response";
  EXPECT_EQ(text_at(answer_json(*bench.ask(delete_response, id)), "/deleted"), "true");
  for (const auto endpoint : {show_response, delete_response, cancel_response, list_response_items}) {
    EXPECT_EQ(bench.ask(endpoint, id)->answer->status, 404);
  }
  const std::string other =
      text_at(answer_json(*bench.call(create_response, responses_body_with(R"("store":false)"))), "/id");
  EXPECT_EQ(bench.ask(show_response, other)->answer->status, 404);
  const auto streamed = bench.call(create_response, responses_body_with(R"("stream":true)"));
  const auto first = boost::json::parse(stream_data(streamed->stream).front());
  EXPECT_EQ(bench.ask(show_response, text_at(first, "/response/id"))->answer->status, 200);
}

TEST(Responses, input_items_come_in_pages) {
  ResponsesBench bench;
  const std::string id = text_at(
      answer_json(*bench.call(create_response, R"({"input":[{"role":"user","content":"1"},{"role":"user","content":"2"},
          {"role":"user","content":"3"}]})")),
      "/id");
  auto page = answer_json(*bench.ask(list_response_items, id, {{"limit", "2"}, {"order", "asc"}}));
  EXPECT_EQ(page.at("data").as_array().size(), 2u);
  EXPECT_EQ(text_at(page, "/has_more"), "true");
  EXPECT_EQ(text_at(page, "/data/0/content"), "1");
  page = answer_json(*bench.ask(list_response_items, id, {{"after", text_at(page, "/last_id")}, {"order", "asc"}}));
  ASSERT_EQ(page.at("data").as_array().size(), 1u);
  EXPECT_EQ(text_at(page, "/data/0/content"), "3");
  EXPECT_EQ(text_at(page, "/has_more"), "false");
  EXPECT_EQ(text_at(answer_json(*bench.ask(list_response_items, id)), "/data/0/content"), "3") << "newest first";
  EXPECT_EQ(bench.ask(list_response_items, id, {{"limit", "0"}})->answer->status, 400);
  EXPECT_EQ(bench.ask(list_response_items, id, {{"order", "up"}})->answer->status, 400);
  EXPECT_EQ(bench.ask(list_response_items, id, {{"after", "x"}})->answer->status, 400);
}

// Polls, as a client does; a run has a thread of its own.
std::string status_when_it_rests(ResponsesBench& bench, const std::string& id) {
  for (int turn = 0; turn < 5000; ++turn) {
    const std::string status = text_at(answer_json(*bench.ask(show_response, id)), "/status");
    if (status != "in_progress") return status;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return "never";
}

TEST(Responses, go_on_in_the_background) {
  ResponsesBench bench;
  const auto begun = answer_json(*bench.call(create_response, responses_body_with(R"("background":true)")));
  EXPECT_EQ(text_at(begun, "/status"), "in_progress");
  const std::string id = text_at(begun, "/id");
  EXPECT_EQ(status_when_it_rests(bench, id), "completed");
  EXPECT_EQ(text_at(answer_json(*bench.ask(show_response, id)), "/output/0/type"), "reasoning");
  EXPECT_EQ(text_at(answer_json(*bench.ask(cancel_response, id)), "/status"), "completed") << "nothing to cancel";

  bench.backend.script = [](FakeGeneration& generation) { generation.fail(internal_error("broken")); };
  const std::string failing =
      text_at(answer_json(*bench.call(create_response, responses_body_with(R"("background":true)"))), "/id");
  EXPECT_EQ(status_when_it_rests(bench, failing), "failed");
}

TEST(Responses, count_tokens_of_the_input) {
  ResponsesBench bench;
  EXPECT_EQ(bench.call(count_response_tokens, R"({"input":"abc"})")->answer->body,
            R"({"object":"response.input_tokens","input_tokens":4})");
  EXPECT_EQ(bench.call(count_response_tokens, "{}")->answer->status, 400);
}

StoredResponse stored(std::string id, std::size_t bytes = 10) {
  StoredResponse response;
  response.id = std::move(id);
  response.body = std::string(bytes, 'x');
  return response;
}

TEST(ResponseStore, forgets_the_oldest_when_it_is_full) {
  ManualClock clock;
  ResponseStore store(clock, {.count = 2, .bytes = 10'000, .seconds = 60});
  store.put(stored("a"));
  store.put(stored("b"));
  store.put(stored("c"));
  EXPECT_FALSE(store.find("a"));
  EXPECT_TRUE(store.find("b"));
  store.put(stored("d", 9'000));
  EXPECT_EQ(store.size(), 2u);
  store.put(stored("e", 5'000));
  EXPECT_EQ(store.size(), 1u) << "by bytes";
  store.put(stored("f", 20'000));
  EXPECT_FALSE(store.find("f")) << "larger than the store";
  EXPECT_TRUE(store.find("e"));
  clock.advance(std::chrono::seconds(61));
  EXPECT_FALSE(store.find("e")) << "too old";
  EXPECT_EQ(store.size(), 0u);
}

TEST(ResponseStore, finishes_only_what_still_runs) {
  ManualClock clock;
  ResponseStore store(clock);
  StoredResponse running = stored("a");
  running.is_running = true;
  store.put(running);
  EXPECT_TRUE(store.finish(stored("a")));
  EXPECT_FALSE(store.finish(stored("a"))) << "it is finished";
  EXPECT_FALSE(store.finish(stored("b"))) << "there is none";
  EXPECT_TRUE(store.remove("a"));
  EXPECT_FALSE(store.remove("a"));
}

}  // namespace
}  // namespace sixfold::service
