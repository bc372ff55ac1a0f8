// ollama's endpoints: what its bodies mean, and what its clients read.
#include <gtest/gtest.h>

#include "core/error.h"
#include "service/chat_bench.h"
#include "service/ollama/fields.h"
#include "service/ollama/output.h"

namespace sixfold::service {
namespace {

BackendDescription chat_model() {
  BackendDescription description;
  description.model = "fake";
  description.is_chat_model = true;
  return description;
}

OllamaCall call_of(std::string_view body, const BackendDescription& description = {}) {
  return accepted(parse_ollama_generate(body, description));
}

std::vector<boost::json::value> lines_of(const FakeWriter& writer) {
  std::vector<boost::json::value> lines;
  std::string_view rest = writer.stream;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    EXPECT_NE(end, std::string_view::npos) << rest;
    if (end == std::string_view::npos) break;
    lines.push_back(boost::json::parse({rest.data(), end}));
    rest.remove_prefix(end + 1);
  }
  return lines;
}

TEST(OllamaFields, options_go_by_ollamas_names) {
  const OllamaCall call = call_of(
      R"({"prompt":"a","options":{"temperature":0.5,"top_k":7,"top_p":0.9,"min_p":0.1,"typical_p":0.8,)"
      R"("repeat_penalty":1.3,"presence_penalty":0.25,"frequency_penalty":0.5,"seed":3,"num_predict":9,"stop":["x"],)"
      R"("num_ctx":4096,"num_thread":2,"mirostat":0}})");
  const engine::SamplingOptions& sampling = call.request.sampling;
  EXPECT_EQ(sampling.temperature, 0.5F);
  EXPECT_EQ(sampling.top_k, 7U);
  EXPECT_EQ(sampling.top_p, 0.9F);
  EXPECT_EQ(sampling.min_p, 0.1F);
  EXPECT_EQ(sampling.typical_p, 0.8F);
  EXPECT_EQ(sampling.repetition_penalty, 1.3F);
  EXPECT_EQ(sampling.presence_penalty, 0.25F);
  EXPECT_EQ(sampling.frequency_penalty, 0.5F);
  EXPECT_EQ(sampling.seed, 3U);
  EXPECT_EQ(call.request.tokens_max, 9U);
  EXPECT_EQ(call.request.stop, std::vector<std::string>{"x"});
  EXPECT_TRUE(call.streams) << "unless told otherwise";
}

TEST(OllamaFields, numbers_below_zero_mean_any_seed_and_no_limit) {
  const OllamaCall call = call_of(R"({"prompt":"a","options":{"seed":-1,"num_predict":-1}})");
  EXPECT_FALSE(call.request.sampling.seed.has_value());
  EXPECT_FALSE(call.request.tokens_max.has_value());
}

TEST(OllamaFields, penalties_look_at_the_whole_text_or_at_nothing) {
  const auto of = [](std::string_view options) {
    return parse_ollama_generate(R"({"prompt":"a","options":)" + std::string(options) + "}", {});
  };
  EXPECT_EQ(field_at_fault(of(R"({"repeat_penalty":1.1,"repeat_last_n":64})")), "options.repeat_last_n");
  EXPECT_EQ(field_at_fault(of(R"({"repeat_last_n":64})")), "(accepted)") << "there is no penalty";
  EXPECT_EQ(field_at_fault(of(R"({"repeat_penalty":1.1,"repeat_last_n":-1})")), "(accepted)");
  const auto off = of(R"({"repeat_penalty":1.1,"repeat_last_n":0})");
  EXPECT_EQ(std::get<OllamaCall>(off).request.sampling.repetition_penalty, 1);
}

TEST(OllamaFields, what_would_change_the_answer_is_refused_by_name) {
  const auto of = [](std::string_view rest) {
    return field_at_fault(parse_ollama_generate(R"({"prompt":"a",)" + std::string(rest) + "}", {}));
  };
  EXPECT_EQ(of(R"("images":["aGk="])"), "images");
  EXPECT_EQ(of(R"("template":"{{ .Prompt }}")"), "template");
  EXPECT_EQ(of(R"("options":{"mirostat":2})"), "options.mirostat");
  EXPECT_EQ(of(R"("options":{"temprature":1})"), "options.temprature");
  EXPECT_EQ(of(R"("options":{"top_p":2})"), "options.top_p");
  EXPECT_EQ(of(R"("options":[])"), "options");
  EXPECT_EQ(of(R"("options":{"repeat_penalty":0})"), "options.repeat_penalty");
  EXPECT_EQ(of(R"("context":["a"])"), "context");
  EXPECT_EQ(of(R"("context":[-1])"), "context");
  EXPECT_EQ(of(R"("raw":true,"system":"s")"), "system");
  EXPECT_EQ(of(R"("raw":true,"context":[1])"), "context");
  EXPECT_EQ(of(R"("suffix":"s","system":"s")"), "system");
  EXPECT_EQ(of(R"("stream":"yes")"), "stream");
  EXPECT_EQ(of(R"("keep_alive":"5m","truncate":true,"shift":false,"images":[],"think":false)"), "(accepted)");
  EXPECT_EQ(field_at_fault(parse_ollama_chat(R"({"messages":[{"role":"user","content":"a","images":["aGk="]}]})", {})),
            "messages[0].images");
  EXPECT_EQ(field_at_fault(parse_ollama_chat(R"({"messages":[{"role":"clown","content":"a"}]})", {})),
            "messages[0].role");
  EXPECT_EQ(field_at_fault(parse_ollama_embed(R"({"input":3})")), "input");
  EXPECT_EQ(field_at_fault(parse_ollama_show(R"({"modle":"a"})")), "modle");
  EXPECT_EQ(field_at_fault(parse_ollama_show("{}")), "model");
  EXPECT_EQ(field_at_fault(parse_ollama_pull(R"({"model":"a","insecure":true})")), "insecure");
}

TEST(OllamaFields, a_prompt_is_a_users_message_to_a_chat_model) {
  using Messages = std::vector<tokenizer::ChatMessage>;
  const auto input_of = [](std::string_view body, const BackendDescription& description) {
    return call_of(body, description).request.input;
  };
  EXPECT_EQ(std::get<std::string>(input_of(R"({"prompt":"a"})", {})), "a");
  EXPECT_EQ(std::get<std::string>(input_of(R"({"prompt":"a","raw":true})", chat_model())), "a");
  EXPECT_EQ(std::get<Messages>(input_of(R"({"prompt":"a"})", chat_model())).front().role, "user");
  const auto with_system = std::get<Messages>(input_of(R"({"prompt":"a","system":"b"})", {}));
  ASSERT_EQ(with_system.size(), 2U);
  EXPECT_EQ(with_system[0].content, "b");
  EXPECT_EQ(with_system[1].content, "a");
}

TEST(OllamaFields, schemas_name_only_fields_that_are_read) {
  const BackendDescription description;
  EXPECT_EQ(schema_lies("OllamaGenerateRequest",
                        [&](std::string_view body) { return parse_ollama_generate(body, description); }),
            "");
  EXPECT_EQ(
      schema_lies("OllamaChatRequest", [&](std::string_view body) { return parse_ollama_chat(body, description); }),
      "");
  EXPECT_EQ(schema_lies("OllamaOptions",
                        [&](std::string_view body) {
                          return parse_ollama_generate(R"({"options":)" + std::string(body) + "}", description);
                        }),
            "");
  EXPECT_EQ(schema_lies("OllamaEmbedRequest", parse_ollama_embed), "");
  EXPECT_EQ(schema_lies("OllamaEmbeddingsRequest", parse_ollama_embeddings), "");
  EXPECT_EQ(schema_lies("OllamaModelRequest", parse_ollama_show), "");
  EXPECT_EQ(schema_lies("OllamaPullRequest", parse_ollama_pull), "");
}

TEST(OllamaModel, a_tag_that_clients_add_is_taken_off) {
  BackendDescription description;
  description.model = "fake";
  description.aliases = {"org/other:latest"};
  EXPECT_EQ(ollama_model(description, "fake:latest"), "fake");
  EXPECT_EQ(ollama_model(description, "org/other:latest"), "org/other:latest");
  EXPECT_EQ(ollama_model(description, "nothing:latest"), "nothing:latest");
  EXPECT_EQ(ollama_model(description, ":latest"), ":latest");
}

TEST(OllamaTime, is_written_as_rfc_3339) {
  EXPECT_EQ(ollama_time(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(ollama_time(1714824000), "2024-05-04T12:00:00Z");
}

TEST(OllamaGenerate, streams_an_object_a_line_and_ends_with_what_it_cost) {
  Bench bench;
  const auto writer = bench.call(ollama_generate, R"({"model":"fake:latest","prompt":"hi"})");
  FakeGeneration& generation = *bench.backend.generations.back();
  generation.say("Hel");
  generation.say("lo");
  bench.clock.advance(std::chrono::milliseconds(5));
  generation.finish(engine::FinishReason::kStop);
  writer->run_tasks();
  EXPECT_EQ(writer->head->content_type, "application/x-ndjson");
  EXPECT_TRUE(writer->is_ended);
  const auto lines = lines_of(*writer);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(text_at(lines[0], "/model"), "fake:latest") << "the name that was asked for";
  EXPECT_EQ(text_at(lines[0], "/response"), "Hel");
  EXPECT_EQ(text_at(lines[0], "/done"), "false");
  EXPECT_EQ(text_at(lines[1], "/response"), "lo");
  EXPECT_EQ(text_at(lines[2], "/response"), "");
  EXPECT_EQ(text_at(lines[2], "/done"), "true");
  EXPECT_EQ(text_at(lines[2], "/done_reason"), "stop");
  EXPECT_EQ(text_at(lines[2], "/total_duration"), "5000000");
  EXPECT_EQ(text_at(lines[2], "/prompt_eval_count"), "5");
  EXPECT_EQ(text_at(lines[2], "/eval_count"), "3");
  // The prompt's tokens (the bench's tokenizer: a beginning and the bytes), and the two that were said.
  EXPECT_EQ(text_at(lines[2], "/context"), "[1,104,105,7,7]");
}

TEST(OllamaGenerate, whole_and_with_logprobs) {
  Bench bench;
  const auto writer =
      bench.call(ollama_generate, R"({"prompt":"hi","stream":false,"raw":true,"logprobs":true,"top_logprobs":1})");
  EXPECT_EQ(bench.backend.requests.back().logprobs, 1U);
  engine::TokenEvent event;
  event.token = 65;
  event.text = "A";
  event.chosen = engine::TokenLogprob{65, -0.5F};
  event.alternatives = {{65, -0.5F}};
  bench.backend.generations.back()->say(event);
  bench.backend.generations.back()->finish(engine::FinishReason::kLength);
  writer->run_tasks();
  const auto answer = answer_json(*writer);
  EXPECT_EQ(text_at(answer, "/response"), "A");
  EXPECT_EQ(text_at(answer, "/done_reason"), "length");
  EXPECT_EQ(text_at(answer, "/logprobs/0/token"), "A");
  EXPECT_EQ(text_at(answer, "/logprobs/0/top_logprobs/0/token"), "A");
  EXPECT_EQ(text_at(answer, "/context"), "(nothing at /context)") << "of a raw prompt there is none";
}

TEST(OllamaGenerate, a_context_goes_on_without_beginning_again) {
  Bench bench;
  bench.call(ollama_generate, R"({"prompt":"hi","context":[1,50,51]})");
  EXPECT_EQ(std::get<std::vector<TokenId>>(bench.backend.requests.back().input),
            (std::vector<TokenId>{1, 50, 51, 104, 105}));
}

TEST(OllamaGenerate, without_a_prompt_the_model_is_there_at_once) {
  Bench bench;
  const auto writer = bench.call(ollama_generate, R"({"model":"fake","stream":false})");
  EXPECT_EQ(text_at(answer_json(*writer), "/done_reason"), "load");
  EXPECT_EQ(bench.call(ollama_generate, R"({"model":"other"})")->answer->status, 404);
  EXPECT_EQ(bench.call(ollama_chat, R"({"model":"other"})")->answer->status, 404);
  EXPECT_EQ(text_at(answer_json(*bench.call(ollama_chat, R"({"model":"fake","messages":[]})")), "/message/content"),
            "");
  EXPECT_TRUE(bench.backend.requests.empty());
}

TEST(OllamaGenerate, errors_are_texts_before_and_within_a_stream) {
  Bench bench;
  const auto refused = bench.call(ollama_generate, R"({"model":"other","prompt":"a"})");
  EXPECT_EQ(refused->answer->status, 404);
  EXPECT_TRUE(text_at(answer_json(*refused), "/error").starts_with("the model \"other\" does not exist"));
  const auto writer = bench.call(ollama_generate, R"({"prompt":"a"})");
  bench.backend.generations.back()->say("x");
  writer->run_tasks();
  bench.backend.generations.back()->fail(internal_error("broken"));
  writer->run_tasks();
  const auto lines = lines_of(*writer);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(text_at(lines[1], "/error"), "broken");
  EXPECT_TRUE(writer->is_ended);
}

TEST(OllamaGenerate, a_quiet_stream_stays_quiet) {
  Bench bench;
  const auto writer = bench.call(ollama_generate, R"({"prompt":"a"})");
  bench.backend.generations.back()->say("x");
  writer->run_tasks();
  const std::size_t before = writer->stream.size();
  bench.clock.advance(std::chrono::seconds(20));
  writer->run_delayed();
  EXPECT_EQ(writer->stream.size(), before) << "clients take every line for an object";
}

TEST(OllamaChat, answers_with_a_message) {
  Bench bench;
  const auto writer = bench.call(
      ollama_chat, R"({"messages":[{"role":"system","content":"s"},{"role":"user","content":"u"}],"stream":false})");
  const auto& messages = std::get<std::vector<tokenizer::ChatMessage>>(bench.backend.requests.back().input);
  ASSERT_EQ(messages.size(), 2U);
  bench.backend.generations.back()->say("yes");
  bench.backend.generations.back()->finish(engine::FinishReason::kStop);
  writer->run_tasks();
  const auto answer = answer_json(*writer);
  EXPECT_EQ(text_at(answer, "/message/role"), "assistant");
  EXPECT_EQ(text_at(answer, "/message/content"), "yes");
  EXPECT_EQ(text_at(answer, "/done"), "true");
}

TEST(OllamaEmbed, answers_with_vectors_in_both_forms) {
  Bench bench;
  const auto writer = bench.call(ollama_embed, R"({"model":"fake","input":["a","b"]})");
  EXPECT_TRUE(bench.backend.embeds.back().first.truncates);
  bench.backend.embeds.back().second(Embeddings{.vectors = {{0.6F, -0.8F}, {1, 0}}, .tokens = 7});
  writer->run_tasks();
  EXPECT_EQ(text_at(answer_json(*writer), "/embeddings"), "[[6E-1,-8E-1],[1,0]]");
  EXPECT_EQ(text_at(answer_json(*writer), "/prompt_eval_count"), "7");
  const auto old = bench.call(ollama_embeddings, R"({"model":"fake","prompt":"a"})");
  bench.backend.embeds.back().second(Embeddings{.vectors = {{1, 0}}, .tokens = 2});
  old->run_tasks();
  EXPECT_EQ(old->answer->body, R"({"embedding":[1,0]})");
  EXPECT_EQ(bench.call(ollama_embeddings, R"({"model":"fake","prompt":""})")->answer->body, R"({"embedding":[]})");
  EXPECT_EQ(bench.call(ollama_embed, R"({"model":"other","input":[]})")->answer->status, 404);
}

TEST(OllamaModels, are_listed_with_adapters_and_shown) {
  Bench bench;
  bench.backend.description.architecture = "llama";
  bench.backend.description.parameters = 494'000'000;
  bench.backend.description.weights = "q4_k";
  bench.backend.description.sampling.top_k = 20;
  bench.backend.description.adapters.push_back({.id = 1, .name = "poet", .source = "poet.gguf"});
  const auto tags = answer_json(*bench.call(ollama_tags, ""));
  EXPECT_EQ(text_at(tags, "/models/0/name"), "fake");
  EXPECT_EQ(text_at(tags, "/models/0/details/parameter_size"), "494.00M");
  EXPECT_EQ(text_at(tags, "/models/0/details/quantization_level"), "Q4_K");
  EXPECT_EQ(text_at(tags, "/models/0/digest").size(), 64U);
  EXPECT_EQ(text_at(tags, "/models/1/name"), "poet");
  EXPECT_NE(text_at(tags, "/models/1/digest"), text_at(tags, "/models/0/digest"));
  const auto running = answer_json(*bench.call(ollama_running, ""));
  EXPECT_EQ(text_at(running, "/models/0/context_length"), "128");
  const auto shown = answer_json(*bench.call(ollama_show, R"({"model":"fake:latest"})"));
  EXPECT_EQ(text_at(shown, "/parameters"), "top_k 20\n");
  EXPECT_EQ(text_at(shown, "/capabilities"), R"(["completion"])");
  EXPECT_EQ(text_at(shown, "/model_info/general.architecture"), "llama");
  EXPECT_EQ(bench.call(ollama_show, R"({"model":"other"})")->answer->status, 404);
}

// Remembers what it was asked to do.
class FakeShelf final : public ModelShelf {
 public:
  std::vector<ShelvedModel> list() const override { return {{.name = "on-disk", .source = "hf:a/b", .bytes = 5}}; }
  Status pull(PullRequest request) override {
    if (refusal) return *refusal;
    pulls.push_back(std::move(request));
    return ok();
  }
  Status remove(std::string name, std::function<void(Status)> done) override {
    removals.emplace_back(std::move(name), std::move(done));
    return ok();
  }
  std::optional<Error> refusal;
  std::vector<PullRequest> pulls;
  std::vector<std::pair<std::string, std::function<void(Status)>>> removals;
};

TEST(OllamaPull, is_forbidden_unless_the_operator_allows_it) {
  Bench bench;
  EXPECT_EQ(bench.call(ollama_pull, R"({"model":"a"})")->answer->status, 403);
  EXPECT_EQ(bench.call(ollama_delete, R"({"model":"a"})")->answer->status, 403);
}

TEST(OllamaPull, streams_its_progress) {
  Bench bench;
  FakeShelf shelf;
  bench.state.shelf = &shelf;
  const auto writer = bench.call(ollama_pull, R"({"model":"tiny"})");
  ASSERT_EQ(shelf.pulls.size(), 1U);
  shelf.pulls[0].progress({.file = "m.gguf", .digest = "sha256:0123456789abcdef", .done = 3, .total = 9});
  shelf.pulls[0].done(ok());
  writer->run_tasks();
  const auto lines = lines_of(*writer);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(text_at(lines[0], "/status"), "pulling manifest");
  EXPECT_EQ(text_at(lines[1], "/status"), "pulling 0123456789ab");
  EXPECT_EQ(text_at(lines[1], "/completed"), "3");
  EXPECT_EQ(text_at(lines[1], "/total"), "9");
  EXPECT_EQ(text_at(lines[2], "/status"), "success");
  EXPECT_TRUE(writer->is_ended);
}

TEST(OllamaPull, a_slow_client_misses_progress_but_not_the_end) {
  Bench bench;
  FakeShelf shelf;
  bench.state.shelf = &shelf;
  const auto writer = bench.call(ollama_pull, R"({"model":"tiny"})");
  writer->buffered = net::kStreamHighWater + 1;
  shelf.pulls[0].progress({.file = "m.gguf", .digest = "", .done = 3, .total = 0});
  shelf.pulls[0].done(not_found("no such model"));
  writer->run_tasks();
  const auto lines = lines_of(*writer);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(text_at(lines[1], "/error"), "no such model");
}

TEST(OllamaPull, a_client_that_leaves_stops_it) {
  Bench bench;
  FakeShelf shelf;
  bench.state.shelf = &shelf;
  const auto writer = bench.call(ollama_pull, R"({"model":"tiny"})");
  EXPECT_FALSE(shelf.pulls[0].stop.stop_requested());
  writer->leave();
  EXPECT_TRUE(shelf.pulls[0].stop.stop_requested());
}

TEST(OllamaPull, whole_answers_and_refusals_have_a_status) {
  Bench bench;
  FakeShelf shelf;
  bench.state.shelf = &shelf;
  const auto writer = bench.call(ollama_pull, R"({"name":"tiny","stream":false})");
  shelf.pulls[0].done(ok());
  writer->run_tasks();
  EXPECT_EQ(writer->answer->body, R"({"status":"success"})");
  const auto failed = bench.call(ollama_pull, R"({"name":"tiny","stream":false})");
  shelf.pulls[1].done(not_found("no such model"));
  failed->run_tasks();
  EXPECT_EQ(failed->answer->status, 404);
  shelf.refusal = permission_denied("not from there");
  EXPECT_EQ(bench.call(ollama_pull, R"({"model":"https://x/y"})")->answer->status, 403);
}

TEST(OllamaDelete, removes_what_is_not_served) {
  Bench bench;
  FakeShelf shelf;
  bench.state.shelf = &shelf;
  EXPECT_EQ(bench.call(ollama_delete, R"({"model":"fake"})")->answer->status, 400);
  const auto writer = bench.call(ollama_delete, R"({"model":"on-disk"})");
  ASSERT_EQ(shelf.removals.size(), 1U);
  EXPECT_EQ(shelf.removals[0].first, "on-disk");
  shelf.removals[0].second(ok());
  writer->run_tasks();
  EXPECT_EQ(writer->answer->status, 200);
  EXPECT_EQ(text_at(answer_json(*bench.call(ollama_tags, "")), "/models/1/name"), "on-disk");
}

TEST(OllamaEmbed, without_a_text_there_are_no_vectors) {
  Bench bench;
  for (const std::string input : {"", R"(,"input":"")", R"(,"input":null)", R"(,"input":[])"}) {
    const auto writer = bench.call(ollama_embed, R"({"model":"fake")" + input + "}");
    ASSERT_TRUE(writer->answer.has_value()) << input;
    EXPECT_EQ(text_at(answer_json(*writer), "/embeddings"), "[]") << input;
  }
  EXPECT_TRUE(bench.backend.embeds.empty());
}

TEST(OllamaFields, schemas_have_the_rule_of_the_answer) {
  const auto schemas = boost::json::parse(boost::json::string_view(schemas_json()));
  for (const char* name : {"OllamaGenerateRequest", "OllamaChatRequest"}) {
    EXPECT_TRUE(schemas.at(name).at("properties").as_object().contains("format")) << name;
  }
}

}  // namespace
}  // namespace sixfold::service
