// GraphQL: requests that are written to cost much, and what they cost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/bench.h"
#include "service/cost.h"
#include "service/graphql/parser.h"

namespace sixfold::service {
namespace {

using testing::HasSubstr;

std::string times(std::size_t count, std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

// The same field under so many names.
std::string aliases(std::size_t count, std::string_view field) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += "a" + std::to_string(i) + ": " + std::string(field) + " ";
  return out;
}

std::string body_of(const std::string& query, const boost::json::value& variables = boost::json::object()) {
  return boost::json::serialize(boost::json::object{{"query", query}, {"variables", variables}});
}

TEST(GraphqlCost, a_variable_that_stands_in_many_places_is_not_copied_without_end) {
  Bench bench;
  const std::string body = body_of("query($x: String!) { embed(input: [" + times(2000, "$x ") + "]) { totalTokens } }",
                                   {{"x", std::string(1 << 20, 'a')}});
  PeakMemory peak;
  if (!peak.reset()) GTEST_SKIP() << "the peak of memory cannot be reset here";
  const auto answer = answer_json(*bench.call(graphql_query, body));
  EXPECT_LT(peak.mebibytes(), 300);
  EXPECT_THAT(text_at(answer, "/errors/0/message"), HasSubstr("together are too large"));
  EXPECT_EQ(text_at(answer, "/data/embed"), "null");
  EXPECT_TRUE(bench.backend.embeds.empty());
}

TEST(GraphqlCost, an_answer_that_grows_beyond_its_limit_is_refused_in_whole) {
  Bench bench;
  // Each field of each type under 50 names, each with a name of 60 KB: 240 MB.
  const std::string query = "{ __schema { types { " + aliases(50, "fields { ...f }") +
                            "} } } fragment f on __Field { " + std::string(60'000, 'n') + ": name }";
  const auto writer = bench.call(graphql_query, body_of(query));
  ASSERT_LT(writer->answer->body.size(), 1000u);
  const auto answer = answer_json(*writer);
  EXPECT_EQ(text_at(answer, "/data"), "null");
  EXPECT_THAT(text_at(answer, "/errors/0/message"), HasSubstr("answer is larger than 67108864 bytes"));
  EXPECT_EQ(text_at(answer, "/errors/0/path"), R"(["__schema"])");
  EXPECT_EQ(text_at(answer, "/errors/0/extensions/code"), "resource_exhausted");
}

TEST(GraphqlCost, values_that_are_asked_for_under_many_names_count_each_time) {
  Bench bench;
  bench.backend.description.classes = {"relevance"};
  net::HttpRequest request;
  request.method = "POST";
  request.body = body_of(
      "query($d: [String!]!) { rerank(query: \"q\", documents: $d) { results { " + aliases(100, "document") + "} } }",
      {{"d", {std::string(1 << 20, 'a')}}});
  const auto writer = std::make_shared<FakeWriter>();
  graphql_query(bench.state, request, writer);
  ASSERT_EQ(bench.backend.scores.size(), 1u);
  bench.backend.scores.back().second(Scores{{{0}}, 3});
  writer->run_tasks();
  ASSERT_LT(writer->answer->body.size(), 1000u);
  EXPECT_THAT(text_at(answer_json(*writer), "/errors/0/message"), HasSubstr("answer is larger than"));
}

TEST(GraphqlCost, a_block_string_may_have_very_many_lines) {
  const std::string query = "{ a(b: \"\"\"" + times(65'000, "\n") + "\"\"\") }";
  EXPECT_EQ(graphql::parse_document(query).index(), 0u);
}

TEST(GraphqlCost, a_fragment_is_read_once_for_each_place) {
  Bench bench;
  // 2^20 fields, if each were written out again.
  std::string query = "{ ...f0 }";
  for (int i = 0; i < 20; ++i) {
    const std::string next = "...f" + std::to_string(i + 1) + " ";
    query += " fragment f" + std::to_string(i) + " on Query { " + next + next + "}";
  }
  query += " fragment f20 on Query { __typename }";
  EXPECT_EQ(bench.call(graphql_query, body_of(query))->answer->body, R"({"data":{"__typename":"Query"}})");
}

}  // namespace
}  // namespace sixfold::service
