// GraphQL: requests that are written to cost much, and what they cost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/bench.h"
#include "service/cost.h"

namespace sixfold::service {
namespace {

using testing::HasSubstr;

std::string times(std::size_t count, std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
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
  EXPECT_TRUE(bench.backend.embeds.empty());
}

}  // namespace
}  // namespace sixfold::service
