// Embeddings, reranking and classes: what the bodies say, what the backend gets, what comes back.
#include <gtest/gtest.h>

#include "core/error.h"
#include "service/bench.h"
#include "service/cost.h"
#include "service/openai_fields.h"

namespace sixfold::service {
namespace {

Refusal reading_refusal_of(const auto& parsed) {
  const auto* refusal = std::get_if<Refusal>(&parsed);
  return refusal != nullptr ? *refusal : Refusal{};
}

TEST(Embeddings, reads_every_form_of_input) {
  const auto texts_of = [](std::string_view input) {
    auto parsed = parse_embeddings(R"({"input":)" + std::string(input) + "}");
    EXPECT_EQ(reading_refusal_of(parsed).error.message, "");
    return std::get<EmbeddingsCall>(std::move(parsed)).request.texts;
  };
  using Tokens = std::vector<TokenId>;
  EXPECT_EQ(texts_of(R"("a")"), (std::vector<Text>{"a"}));
  EXPECT_EQ(texts_of(R"(["a","b"])"), (std::vector<Text>{"a", "b"}));
  EXPECT_EQ(texts_of("[1,2]"), (std::vector<Text>{Tokens{1, 2}}));
  EXPECT_EQ(texts_of("[[1],[2,3]]"), (std::vector<Text>{Tokens{1}, Tokens{2, 3}}));
}

TEST(Embeddings, refuses_what_it_cannot_honour) {
  const auto field_of = [](std::string_view body) { return reading_refusal_of(parse_embeddings(body)).field; };
  EXPECT_EQ(field_of("{}"), "input");
  EXPECT_EQ(field_of(R"({"input":[]})"), "input");
  EXPECT_EQ(field_of(R"({"input":[1.5]})"), "input");
  EXPECT_EQ(field_of(R"({"input":{"a":1}})"), "input");
  EXPECT_EQ(field_of(R"({"input":"a","encoding_format":"int8"})"), "encoding_format");
  EXPECT_EQ(field_of(R"({"input":"a","dimensions":0})"), "dimensions");
  EXPECT_EQ(field_of(R"({"input":"a","truncat":true})"), "truncat");
  std::string many = R"({"input":["a")";
  for (int i = 0; i < 2048; ++i) many += R"(,"a")";
  EXPECT_EQ(field_of(many + "]}"), "input");
}

TEST(Embeddings, answers_with_numbers_or_base64) {
  Bench bench;
  const auto answer_to = [&](std::string body) {
    const auto writer = bench.call(embeddings, std::move(body));
    EXPECT_FALSE(writer->answer.has_value()) << "before the backend was ready";
    bench.backend.embeds.back().second(Embeddings{.vectors = {{0.6F, -0.8F}, {1, 0}}, .tokens = 7});
    writer->run_tasks();
    return writer->answer->body;
  };
  const auto numbers = answer_to(R"({"input":["a","b"],"model":"fake","dimensions":2,"truncate":true})");
  EXPECT_EQ(numbers, R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.6,-0.8]},)"
                     R"({"object":"embedding","index":1,"embedding":[1,0]}],"model":"fake",)"
                     R"("usage":{"prompt_tokens":7,"total_tokens":7}})");
  const EmbedRequest& request = bench.backend.embeds.back().first;
  EXPECT_EQ(request.model, "fake");
  EXPECT_EQ(request.dimensions, 2U);
  EXPECT_TRUE(request.truncates);
  EXPECT_EQ(request.id, "request-1");
  EXPECT_NE(answer_to(R"({"input":["a","b"],"encoding_format":"base64"})").find(R"("embedding":"mpkZP83MTL8=")"),
            std::string::npos);
}

TEST(Embeddings, errors_of_the_backend_reach_the_client) {
  Bench bench;
  const auto writer = bench.call(embeddings, R"({"input":"a"})");
  bench.backend.embeds.back().second(internal_error("broken"));
  writer->run_tasks();
  EXPECT_EQ(writer->answer->status, 500);
  bench.backend.refusal = invalid_argument("context length 8 exceeded: text 0 has 9 tokens");
  const auto refused = bench.call(embeddings, R"({"input":"a"})");
  EXPECT_EQ(refused->answer->status, 400);
  EXPECT_EQ(text_at(answer_json(*refused), "/error/code"), "context_length_exceeded");
  EXPECT_EQ(text_at(answer_json(*refused), "/error/param"), "input");
}

TEST(Embeddings, a_client_that_leaves_stops_the_request) {
  Bench bench;
  const auto writer = bench.call(embeddings, R"({"input":"a"})");
  EXPECT_FALSE(bench.backend.embeds.back().first.stop.stop_requested());
  writer->leave();
  EXPECT_TRUE(bench.backend.embeds.back().first.stop.stop_requested());
}

TEST(Rerank, orders_documents_by_score) {
  Bench bench;
  bench.backend.description.classes = {"relevance"};
  const auto answer_to = [&](std::string body) {
    const auto writer = bench.call(rerank, std::move(body));
    bench.backend.scores.back().second(Scores{.scores = {{-1}, {2}, {0}}, .tokens = 9});
    writer->run_tasks();
    return answer_json(*writer);
  };
  const auto all = answer_to(R"({"query":"q","documents":["a",{"text":"b"},"c"]})");
  EXPECT_EQ(text_at(all, "/results/0/index"), "1");
  EXPECT_EQ(text_at(all, "/results/1/index"), "2");
  EXPECT_EQ(text_at(all, "/results/1/relevance_score"), "5E-1");
  EXPECT_EQ(text_at(all, "/results/2/index"), "0");
  EXPECT_EQ(text_at(all, "/usage/total_tokens"), "9");
  EXPECT_EQ(bench.backend.scores.back().first.texts[1].text, "q");
  EXPECT_EQ(bench.backend.scores.back().first.texts[1].second, "b");
  const auto best =
      answer_to(R"({"query":"q","documents":["a","b","c"],"top_n":1,"return_documents":true,"raw_scores":true})");
  EXPECT_EQ(best.at("results").get_array().size(), 1U);
  EXPECT_EQ(text_at(best, "/results/0/document/text"), "b");
  EXPECT_EQ(text_at(best, "/results/0/relevance_score"), "2");
}

TEST(Rerank, refuses_bad_bodies_and_classifiers) {
  const auto field_of = [](std::string_view body) { return reading_refusal_of(parse_rerank(body)).field; };
  EXPECT_EQ(field_of(R"({"documents":["a"]})"), "query");
  EXPECT_EQ(field_of(R"({"query":"q"})"), "documents");
  EXPECT_EQ(field_of(R"({"query":"q","documents":[]})"), "documents");
  EXPECT_EQ(field_of(R"({"query":"q","documents":[{"title":"t"}]})"), "documents");
  EXPECT_EQ(field_of(R"({"query":"q","documents":["a"],"top_n":0})"), "top_n");
  Bench bench;
  bench.backend.description.classes = {"yes", "no"};
  EXPECT_EQ(bench.call(rerank, R"({"query":"q","documents":["a"]})")->answer->status, 400);
}

TEST(Classify, gives_the_probability_of_every_class) {
  Bench bench;
  bench.backend.description.classes = {"good", "bad"};
  const auto writer = bench.call(classify, R"({"input":["a","b"]})");
  bench.backend.scores.back().second(Scores{.scores = {{1, 1}, {0, 100}}, .tokens = 4});
  writer->run_tasks();
  const auto answer = answer_json(*writer);
  EXPECT_EQ(text_at(answer, "/data/0/probs/0"), "5E-1");
  EXPECT_EQ(text_at(answer, "/data/1/label"), "bad");
  EXPECT_EQ(text_at(answer, "/data/1/probs/1"), "1");
  EXPECT_EQ(text_at(answer, "/data/1/num_classes"), "2");
  EXPECT_EQ(reading_refusal_of(parse_classify("{}")).field, "input");
}

TEST(Rerank, a_long_query_is_not_copied_for_every_document) {
  Bench bench;
  bench.backend.description.classes = {"relevance"};
  const boost::json::array documents(2048, "a");
  const std::string query(1 << 20, 'q');
  PeakMemory peak;
  if (!peak.reset()) GTEST_SKIP() << "the peak of memory cannot be reset here";
  const auto refused =
      bench.call(rerank, boost::json::serialize(boost::json::object{{"query", query}, {"documents", documents}}));
  EXPECT_LT(peak.mebibytes(), 300);
  ASSERT_TRUE(refused->answer.has_value());
  EXPECT_EQ(refused->answer->status, 400);
  EXPECT_EQ(text_at(answer_json(*refused), "/error/param"), "query");
  const auto answer = answer_json(*bench.call(
      graphql_query,
      boost::json::serialize(boost::json::object{
          {"query", "query($q: String!, $d: [String!]!) { rerank(query: $q, documents: $d) { totalTokens } }"},
          {"variables", {{"q", query}, {"d", documents}}}})));
  EXPECT_LT(peak.mebibytes(), 300);
  EXPECT_EQ(text_at(answer, "/errors/0/message"), "query: want at most 8192 bytes for 2048 documents, got 1048576");
  EXPECT_EQ(bench.backend.scores.size(), 0U);
}

}  // namespace
}  // namespace sixfold::service
