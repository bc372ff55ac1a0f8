// /infill, "suffix" of completions, /apply-template and /props.
#include "service/infill.h"

#include <gtest/gtest.h>

#include "service/bench.h"
#include "service/openai_fields.h"

namespace sixfold::service {
namespace {

std::string bytes_of(const GenerateRequest& request) {
  std::string text;
  for (const TokenId token : std::get<std::vector<TokenId>>(request.input)) text += static_cast<char>(token);
  return text;
}

std::string infill_field_of(std::string_view body) {
  const auto parsed = parse_infill(body);
  const auto* refusal = std::get_if<Refusal>(&parsed);
  return refusal != nullptr ? refusal->field : "(none)";
}

TEST(Infill, fields_of_editors_plugins_are_read) {
  const auto parsed = parse_infill(
      R"({"input_prefix":"a","input_suffix":"b","prompt":"c","input_extra":[{"filename":"f","text":"g"}],)"
      R"("n_predict":5,"top_k":40,"top_p":0.9,"temperature":0.3,"samplers":["top_k","top_p","infill"],)"
      R"("stream":false,"cache_prompt":true,"t_max_prompt_ms":500,"response_fields":["content"],"n_indent":0})");
  ASSERT_EQ(parsed.index(), 0U);
  const auto& call = std::get<InfillCall>(parsed);
  EXPECT_EQ(call.input.prefix, "a");
  EXPECT_EQ(call.input.suffix, "b");
  EXPECT_EQ(call.input.middle, "c");
  EXPECT_EQ(call.input.files.at(0).name, "f");
  EXPECT_EQ(call.request.tokens_max, 5U);
  EXPECT_EQ(call.request.sampling.top_k, 40U);
  EXPECT_EQ(call.request.sampling.temperature, 1) << "its sampler is not in the list";
}

TEST(Infill, schemas_name_only_fields_that_are_read) {
  EXPECT_EQ(schema_lies("InfillRequest", [](std::string_view body) { return parse_infill(body); }), "");
  EXPECT_EQ(schema_lies("TemplateRequest", parse_template), "");
}

TEST(Infill, wrong_fields_are_refused_by_name) {
  EXPECT_EQ(infill_field_of("{}"), "input_prefix");
  EXPECT_EQ(infill_field_of(R"({"input_prefix":1})"), "input_prefix");
  EXPECT_EQ(infill_field_of(R"({"input_prefix":"a","input_extra":{}})"), "input_extra");
  EXPECT_EQ(infill_field_of(R"({"input_prefix":"a","input_extra":[{"filename":"f"}]})"), "input_extra[0].text");
  EXPECT_EQ(infill_field_of(R"({"input_prefix":"a","n_predict":0})"), "n_predict");
  EXPECT_EQ(infill_field_of(R"({"input_prefix":"a","samplers":["dry"]})"), "samplers");
  EXPECT_EQ(infill_field_of(R"({"input_prefix":"a","n_indent":4})"), "n_indent");
  EXPECT_EQ(infill_field_of(R"({"input_prefix":"a","input_sufix":"b"})"), "input_sufix");
  EXPECT_EQ(infill_field_of(R"({"input_suffix":"b"})"), "(none)");
}

TEST(Infill, answers_whole_and_streamed) {
  Bench bench;
  bench.backend.description.fills_in_middle = true;
  const auto writer = bench.call(infill, R"({"input_prefix":"a","input_suffix":"b","prompt":"c"})");
  EXPECT_EQ(bytes_of(bench.backend.requests.back()), "a|b|c");
  bench.backend.generations.back()->say("mid");
  bench.backend.generations.back()->finish(engine::FinishReason::kStop);
  writer->run_tasks();
  const auto answer = answer_json(*writer);
  EXPECT_EQ(text_at(answer, "/content"), "mid");
  EXPECT_EQ(text_at(answer, "/stop_type"), "eos");
  EXPECT_EQ(text_at(answer, "/tokens_predicted"), "3");
  EXPECT_EQ(text_at(answer, "/timings/prompt_n"), "3") << "two of five were found in the cache";
  const auto stream = bench.call(infill, R"({"input_prefix":"a","stream":true})");
  bench.backend.generations.back()->say("x");
  bench.backend.generations.back()->finish(engine::FinishReason::kLength);
  stream->run_tasks();
  const auto events = stream_data(stream->stream);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(text_at(boost::json::parse(events[0]), "/content"), "x");
  EXPECT_EQ(text_at(boost::json::parse(events[1]), "/stop_type"), "limit");
}

TEST(Infill, a_model_that_cannot_says_so) {
  Bench bench;
  const auto writer = bench.call(infill, R"({"input_prefix":"a"})");
  EXPECT_EQ(writer->answer->status, 400);
  EXPECT_NE(text_at(answer_json(*writer), "/error/message").find("cannot fill in the middle"), std::string::npos);
  const auto completion = bench.call(completions, R"({"prompt":"a","suffix":"b"})");
  EXPECT_EQ(completion->answer->status, 400);
  EXPECT_EQ(text_at(answer_json(*completion), "/error/param"), "suffix");
}

TEST(Infill, completions_with_a_suffix_go_the_same_way) {
  Bench bench;
  bench.backend.description.fills_in_middle = true;
  bench.call(completions, R"({"prompt":["a","c"],"suffix":"b"})");
  ASSERT_EQ(bench.backend.requests.size(), 2U);
  EXPECT_EQ(bytes_of(bench.backend.requests[0]), "a|b|");
  EXPECT_EQ(bytes_of(bench.backend.requests[1]), "c|b|");
  EXPECT_EQ(bench.call(completions, R"({"prompt":[1,2],"suffix":"b"})")->answer->status, 400);
  EXPECT_EQ(bench.call(completions, R"({"prompt":"a","suffix":"b","echo":true})")->answer->status, 400);
}

TEST(ApplyTemplate, shows_what_the_model_reads) {
  Bench bench;
  const auto writer = bench.call(apply_template, R"({"messages":[{"role":"user","content":"hi"}]})");
  EXPECT_EQ(writer->answer->body, R"({"prompt":"hi"})");
  EXPECT_EQ(bench.call(apply_template, R"({"messages":[]})")->answer->status, 400);
  EXPECT_EQ(bench.call(apply_template, R"({"messages":[{"role":"user","content":"hi"}],"model":"x"})")->answer->status,
            404);
}

TEST(Properties, tell_the_context_and_the_template) {
  Bench bench;
  const auto answer = answer_json(*bench.call(properties, ""));
  EXPECT_EQ(text_at(answer, "/default_generation_settings/n_ctx"), "128");
  EXPECT_EQ(text_at(answer, "/model_alias"), "fake");
}

}  // namespace
}  // namespace sixfold::service
