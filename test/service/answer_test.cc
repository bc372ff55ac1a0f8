// Chat answers from scripted events: whole and streamed, slow clients, lost clients, failures.
#include "service/answer.h"

#include <gtest/gtest.h>

#include "service/bench.h"

namespace sixfold::service {
namespace {

using engine::FinishReason;
using std::chrono::milliseconds;

constexpr std::string_view kChat = R"({"messages":[{"role":"user","content":"hi"}]})";
constexpr std::string_view kStream = R"({"messages":[{"role":"user","content":"hi"}],"stream":true})";

TEST(Chat, answers_whole_when_every_choice_has_ended) {
  Bench bench;
  const auto writer = bench.call(chat_completions, R"({"messages":[{"role":"user","content":"hi"}],"n":2})");
  FakeGeneration& generation = *bench.backend.generations.at(0);
  generation.say("Hel");
  generation.say("other", 1);
  generation.say("lo");
  generation.finish(FinishReason::kStop, 0);
  writer->run_tasks();
  EXPECT_FALSE(writer->answer.has_value());
  generation.finish(FinishReason::kLength, 1, "!");
  writer->run_tasks();
  const auto answer = answer_json(*writer);
  EXPECT_EQ(text_at(answer, "/object"), "chat.completion");
  EXPECT_EQ(text_at(answer, "/model"), "fake");
  EXPECT_EQ(text_at(answer, "/choices/0/message/content"), "Hello");
  EXPECT_EQ(text_at(answer, "/choices/0/message/role"), "assistant");
  EXPECT_EQ(text_at(answer, "/choices/0/finish_reason"), "stop");
  EXPECT_EQ(text_at(answer, "/choices/0/logprobs"), "null");
  EXPECT_EQ(text_at(answer, "/choices/1/index"), "1");
  EXPECT_EQ(text_at(answer, "/choices/1/message/content"), "other!");
  EXPECT_EQ(text_at(answer, "/choices/1/finish_reason"), "length");
  EXPECT_EQ(
      text_at(answer, "/usage"),
      R"({"prompt_tokens":5,"completion_tokens":3,"total_tokens":8,"prompt_tokens_details":{"cached_tokens":2}})");
  EXPECT_TRUE(text_at(answer, "/id").starts_with("chatcmpl-"));
  EXPECT_EQ(bench.state.answers.size(), 0u);
}

TEST(Chat, streams_role_text_finish_and_done) {
  Bench bench;
  const auto writer = bench.call(chat_completions, std::string(kStream));
  FakeGeneration& generation = *bench.backend.generations.at(0);
  EXPECT_FALSE(writer->head.has_value()) << "nothing is sent before the first event";
  generation.say("Hi \"you\"");
  writer->run_tasks();
  ASSERT_TRUE(writer->head.has_value());
  EXPECT_EQ(writer->head->content_type, "text/event-stream");
  generation.finish(FinishReason::kStop);
  writer->run_tasks();
  EXPECT_TRUE(writer->is_ended);
  const auto data = stream_data(writer->stream);
  ASSERT_EQ(data.size(), 4u);
  EXPECT_EQ(data[3], "[DONE]");
  std::string id;
  for (std::size_t index = 0; index < 3; ++index) {
    const auto chunk = boost::json::parse(data[index]);
    EXPECT_EQ(text_at(chunk, "/object"), "chat.completion.chunk");
    if (id.empty()) id = text_at(chunk, "/id");
    EXPECT_EQ(text_at(chunk, "/id"), id);
    EXPECT_FALSE(chunk.get_object().contains("usage"));
  }
  EXPECT_EQ(text_at(boost::json::parse(data[0]), "/choices/0/delta/role"), "assistant");
  EXPECT_EQ(text_at(boost::json::parse(data[1]), "/choices/0/delta/content"), "Hi \"you\"");
  EXPECT_EQ(text_at(boost::json::parse(data[1]), "/choices/0/finish_reason"), "null");
  EXPECT_EQ(text_at(boost::json::parse(data[2]), "/choices/0/delta"), "{}");
  EXPECT_EQ(text_at(boost::json::parse(data[2]), "/choices/0/finish_reason"), "stop");
  EXPECT_EQ(bench.state.answers.size(), 0u);
}

TEST(Chat, usage_comes_in_one_last_chunk_and_is_null_before) {
  Bench bench;
  const auto writer = bench.call(
      chat_completions,
      R"({"messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true}})");
  bench.backend.generations.at(0)->say("x");
  bench.backend.generations.at(0)->finish(FinishReason::kLength);
  writer->run_tasks();
  const auto data = stream_data(writer->stream);
  ASSERT_EQ(data.size(), 5u);
  for (std::size_t index = 0; index < 3; ++index) {
    EXPECT_EQ(text_at(boost::json::parse(data[index]), "/usage"), "null");
  }
  EXPECT_EQ(text_at(boost::json::parse(data[3]), "/choices"), "[]");
  EXPECT_EQ(text_at(boost::json::parse(data[3]), "/usage/total_tokens"), "8");
}

TEST(Chat, logprobs_carry_tokens_bytes_and_alternatives_but_no_end_token) {
  Bench bench;
  const auto writer =
      bench.call(chat_completions, R"({"messages":[{"role":"user","content":"hi"}],"logprobs":true,"top_logprobs":1})");
  engine::TokenEvent event;
  event.token = 'a';
  event.text = "a";
  event.chosen = engine::TokenLogprob{'a', -0.5f};
  event.alternatives = {{0xC3, -1.5f}};
  bench.backend.generations.at(0)->say(event);
  event.text.clear();
  event.finish = FinishReason::kStop;
  bench.backend.generations.at(0)->say(event);
  writer->run_tasks();
  const auto answer = answer_json(*writer);
  EXPECT_EQ(answer.at_pointer("/choices/0/logprobs/content").get_array().size(), 1u);
  EXPECT_EQ(text_at(answer, "/choices/0/logprobs/content/0/token"), "a");
  EXPECT_EQ(text_at(answer, "/choices/0/logprobs/content/0/bytes"), "[97]");
  EXPECT_EQ(text_at(answer, "/choices/0/logprobs/content/0/top_logprobs/0/bytes"), "[195]");
  EXPECT_EQ(text_at(answer, "/choices/0/logprobs/content/0/top_logprobs/0/token"), "\xEF\xBF\xBD");
  EXPECT_DOUBLE_EQ(answer.at_pointer("/choices/0/logprobs/content/0/logprob").as_double(), -0.5);
}

TEST(Chat, a_failure_before_the_first_token_is_a_status) {
  Bench bench;
  const auto writer = bench.call(chat_completions, std::string(kStream));
  bench.backend.generations.at(0)->fail(internal_error("broken"));
  writer->run_tasks();
  ASSERT_TRUE(writer->answer.has_value());
  EXPECT_EQ(writer->answer->status, 500);
  EXPECT_TRUE(bench.backend.generations.at(0)->is_cancelled);
  EXPECT_EQ(bench.state.answers.size(), 0u);
}

TEST(Chat, a_failure_in_mid_stream_is_an_error_event_without_done) {
  Bench bench;
  const auto writer = bench.call(chat_completions, std::string(kStream));
  bench.backend.generations.at(0)->say("x");
  bench.backend.generations.at(0)->fail(internal_error("broken"));
  writer->run_tasks();
  const auto data = stream_data(writer->stream);
  EXPECT_EQ(text_at(boost::json::parse(data.back()), "/error/message"), "broken");
  EXPECT_EQ(text_at(boost::json::parse(data.back()), "/error/type"), "server_error");
  EXPECT_TRUE(writer->is_ended);
}

TEST(Chat, a_client_that_leaves_cancels_its_generation) {
  Bench bench;
  for (const std::string_view body : {kChat, kStream}) {
    const auto writer = bench.call(chat_completions, std::string(body));
    FakeGeneration& generation = *bench.backend.generations.back();
    generation.say("x");
    writer->run_tasks();
    EXPECT_FALSE(generation.is_cancelled);
    writer->leave();
    EXPECT_TRUE(generation.is_cancelled);
    EXPECT_EQ(bench.state.answers.size(), 0u);
    generation.say("y");
    writer->run_tasks();
    EXPECT_FALSE(writer->answer.has_value());
  }
}

TEST(Chat, a_failed_write_cancels_too) {
  Bench bench;
  const auto writer = bench.call(chat_completions, std::string(kStream));
  writer->gone = true;
  bench.backend.generations.at(0)->say("x");
  writer->run_tasks();
  EXPECT_TRUE(bench.backend.generations.at(0)->is_cancelled);
  EXPECT_EQ(bench.state.answers.size(), 0u);
}

TEST(Chat, nothing_holds_the_writer_after_the_answer) {
  Bench bench;
  auto writer = bench.call(chat_completions, std::string(kStream));
  bench.backend.generations.at(0)->say("x");
  bench.backend.generations.at(0)->finish(FinishReason::kStop);
  writer->run_tasks();
  EXPECT_EQ(writer.use_count(), 1);
  auto abandoned = bench.call(chat_completions, std::string(kStream));
  bench.state.answers.clear();
  EXPECT_TRUE(bench.backend.generations.at(1)->is_cancelled);
  EXPECT_EQ(abandoned.use_count(), 1);
}

TEST(Chat, a_slow_client_stops_the_pulling_until_it_has_drained) {
  Bench bench;
  const auto writer = bench.call(chat_completions, std::string(kStream));
  writer->is_stuck = true;
  FakeGeneration& generation = *bench.backend.generations.at(0);
  for (int index = 0; index < 1000; ++index) generation.say("some text");
  writer->run_tasks();
  const int taken = generation.taken;
  EXPECT_LT(taken, 1000);
  EXPECT_GT(writer->buffered, net::kStreamHighWater);
  EXPECT_LT(writer->buffered, net::kStreamHighWater + 1024);
  generation.say("more");
  writer->run_tasks();
  EXPECT_EQ(generation.taken, taken);
  writer->is_stuck = false;
  writer->drain();
  EXPECT_EQ(generation.taken, 1001);
}

TEST(Chat, a_quiet_stream_gets_comments) {
  Bench bench;
  const auto writer = bench.call(chat_completions, std::string(kStream));
  bench.clock.advance(milliseconds(15'000));
  EXPECT_EQ(writer->run_delayed(), 15'000);
  EXPECT_EQ(writer->stream, ": keep-alive\n\n");
  bench.clock.advance(milliseconds(5'000));
  bench.backend.generations.at(0)->say("x");
  writer->run_tasks();
  const std::size_t size = writer->stream.size();
  bench.clock.advance(milliseconds(10'000));
  EXPECT_EQ(writer->run_delayed(), 15'000);
  EXPECT_EQ(writer->stream.size(), size) << "text came 10 s ago";
  bench.clock.advance(milliseconds(5'000));
  EXPECT_EQ(writer->run_delayed(), 5'000);
  EXPECT_EQ(writer->stream.substr(size), ": keep-alive\n\n");
  bench.backend.generations.at(0)->finish(FinishReason::kStop);
  writer->run_tasks();
  writer->run_delayed();
  EXPECT_TRUE(writer->delayed.empty());
}

TEST(Chat, refusals_of_the_backend_have_their_established_codes) {
  Bench bench;
  const auto check = [&](Error error, int status, std::string_view code, std::string_view retry) {
    bench.backend.refusal = std::move(error);
    const auto writer = bench.call(chat_completions, std::string(kChat));
    const auto answer = answer_json(*writer);
    EXPECT_EQ(writer->answer->status, status);
    EXPECT_EQ(text_at(answer, "/error/code"), code);
    std::string found;
    for (const net::Header& header : writer->answer->headers) {
      if (header.name == "Retry-After") found = header.value;
    }
    EXPECT_EQ(found, retry);
  };
  check(invalid_argument("context length: 9 tokens"), 400, "context_length_exceeded", "");
  check(resource_exhausted("queue full"), 429, "queue_full", "1");
  check(unavailable("stopping"), 503, "null", "2");
  check(internal_error("oops"), 500, "null", "");
  check(invalid_argument("logit_bias: token 9000, want 0 to 255"), 400, "null", "");
  EXPECT_EQ(text_at(answer_json(*bench.call(chat_completions, std::string(kChat))), "/error/param"), "logit_bias");
  bench.backend.refusal = invalid_argument("prompt: no tokens");
  EXPECT_EQ(text_at(answer_json(*bench.call(chat_completions, std::string(kChat))), "/error/param"), "messages");
  bench.backend.refusal.reset();
  const auto writer = bench.call(chat_completions, R"({"model":"gpt-9","messages":[{"role":"user","content":"a"}]})");
  EXPECT_EQ(writer->answer->status, 404);
  EXPECT_EQ(text_at(answer_json(*writer), "/error/code"), "model_not_found");
  EXPECT_EQ(text_at(answer_json(*writer), "/error/param"), "model");
}

TEST(Completions, prompts_and_choices_are_numbered_in_order) {
  Bench bench;
  const auto writer = bench.call(completions, R"({"prompt":["a","b"],"n":2,"echo":true})");
  ASSERT_EQ(bench.backend.generations.size(), 2u);
  bench.backend.generations[1]->say("3", 1);
  bench.backend.generations[0]->say("0", 0);
  bench.backend.generations[0]->say("1", 1);
  bench.backend.generations[1]->say("2", 0);
  for (const auto& generation : bench.backend.generations) {
    generation->finish(FinishReason::kStop, 0);
    generation->finish(FinishReason::kLength, 1);
  }
  writer->run_tasks();
  const auto answer = answer_json(*writer);
  EXPECT_EQ(text_at(answer, "/object"), "text_completion");
  EXPECT_EQ(text_at(answer, "/choices/0/text"), "a0");
  EXPECT_EQ(text_at(answer, "/choices/1/text"), "a1");
  EXPECT_EQ(text_at(answer, "/choices/2/text"), "b2");
  EXPECT_EQ(text_at(answer, "/choices/3/text"), "b3");
  EXPECT_EQ(text_at(answer, "/choices/3/index"), "3");
  EXPECT_EQ(text_at(answer, "/choices/3/finish_reason"), "length");
  EXPECT_EQ(text_at(answer, "/usage/prompt_tokens"), "10");
}

TEST(Completions, a_refused_prompt_cancels_those_before_it) {
  Bench bench;
  bench.backend.refuse_after = 1;
  bench.backend.refusal = resource_exhausted("queue full");
  const auto writer = bench.call(completions, R"({"prompt":["a","b"]})");
  EXPECT_EQ(writer->answer->status, 429);
  EXPECT_TRUE(bench.backend.generations.at(0)->is_cancelled);
  EXPECT_EQ(bench.state.answers.size(), 0u);
}

TEST(Completions, streams_the_echo_first_and_logprobs_with_offsets) {
  Bench bench;
  const auto echoed = bench.call(completions, R"({"prompt":[72,105],"echo":true,"stream":true})");
  bench.backend.generations.at(0)->say("!");
  bench.backend.generations.at(0)->finish(FinishReason::kStop);
  echoed->run_tasks();
  EXPECT_EQ(text_at(boost::json::parse(stream_data(echoed->stream)[0]), "/choices/0/text"), "Hi!");

  const auto writer = bench.call(completions, R"({"prompt":"a","logprobs":1,"stream":true})");
  for (const char letter : {'x', 'y'}) {
    engine::TokenEvent event;
    event.token = letter;
    event.text = letter;
    event.chosen = engine::TokenLogprob{letter, -1};
    event.alternatives = {{0xE2, -2}};
    bench.backend.generations.at(1)->say(event);
  }
  bench.backend.generations.at(1)->finish(FinishReason::kLength);
  writer->run_tasks();
  const auto second = boost::json::parse(stream_data(writer->stream)[1]);
  EXPECT_EQ(text_at(second, "/choices/0/logprobs/tokens/0"), "y");
  EXPECT_EQ(text_at(second, "/choices/0/logprobs/text_offset/0"), "1");
  EXPECT_EQ(text_at(second, "/choices/0/logprobs/top_logprobs/0"), R"({"bytes:\\xe2":-2})");
}

TEST(Predict, gives_a_result_and_names_wrong_fields_with_422) {
  Bench bench;
  const auto writer = bench.call(predict, R"({"input":"a"})");
  bench.backend.generations.at(0)->say("b");
  bench.backend.generations.at(0)->finish(FinishReason::kLength);
  writer->run_tasks();
  EXPECT_EQ(text_at(answer_json(*writer), "/result"), "b");
  EXPECT_EQ(text_at(answer_json(*writer), "/finish_reason"), "length");
  EXPECT_EQ(bench.backend.requests.at(0).tokens_max, 256u);
  const auto refused = bench.call(predict, R"({"input":7})");
  EXPECT_EQ(refused->answer->status, 422);
  EXPECT_EQ(text_at(answer_json(*refused), "/error/field"), "input");
  EXPECT_EQ(bench.call(predict, "{")->answer->status, 400);
}

}  // namespace
}  // namespace sixfold::service
