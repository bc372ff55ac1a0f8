// The most specific route wins, whatever the order of the table.
#include "net/router.h"

#include <gtest/gtest.h>

namespace sixfold::net {
namespace {

Router make_router(std::vector<std::pair<std::string, std::string>> routes) {
  Router router;
  for (auto& [method, pattern] : routes) router.add({method, pattern, {}});
  return router;
}

std::string pattern_of(const Router& router, std::string_view method, std::string_view path) {
  const Router::Match match = router.match(method, path);
  return match.route == nullptr ? "none; allow " + match.allow : match.route->method + " " + match.route->pattern;
}

TEST(Router, prefers_literal_over_name_over_rest) {
  const Router router = make_router(
      {{"GET", "/{all...}"}, {"GET", "/v1/{name}"}, {"GET", "/v1/models"}, {"GET", "/v1/{name}/x"}, {"GET", "/"}});
  EXPECT_EQ(pattern_of(router, "GET", "/v1/models"), "GET /v1/models");
  EXPECT_EQ(pattern_of(router, "GET", "/v1/other"), "GET /v1/{name}");
  EXPECT_EQ(pattern_of(router, "GET", "/v1/models/x"), "GET /v1/{name}/x");
  EXPECT_EQ(pattern_of(router, "GET", "/v1/models/y"), "GET /{all...}");
  EXPECT_EQ(pattern_of(router, "GET", "/"), "GET /");
  EXPECT_EQ(pattern_of(router, "GET", "/v1/"), "GET /{all...}");
}

TEST(Router, gives_the_named_parts) {
  const Router router = make_router({{"GET", "/v2/models/{model}/versions/{version}"}, {"GET", "/docs/{path...}"}});
  const auto match = router.match("GET", "/v2/models/a b/versions/3");
  const std::vector<std::pair<std::string, std::string>> want = {{"model", "a b"}, {"version", "3"}};
  EXPECT_EQ(match.path_values, want);
  EXPECT_EQ(router.match("GET", "/docs/a/b").path_values.at(0).second, "a/b");
  EXPECT_EQ(router.match("GET", "/docs/").route, nullptr);
  EXPECT_EQ(router.match("GET", "/v2/models//versions/3").route, nullptr);
}

TEST(Router, head_finds_get_and_others_are_named_in_allow) {
  const Router router = make_router({{"POST", "/x"}, {"GET", "/x"}, {"HEAD", "/y"}, {"GET", "/y"}, {"PUT", "/z"}});
  EXPECT_EQ(pattern_of(router, "HEAD", "/x"), "GET /x");
  EXPECT_EQ(pattern_of(router, "HEAD", "/y"), "HEAD /y");
  EXPECT_EQ(pattern_of(router, "DELETE", "/x"), "none; allow GET, HEAD, POST");
  EXPECT_EQ(pattern_of(router, "HEAD", "/z"), "none; allow PUT");
  EXPECT_EQ(pattern_of(router, "get", "/x"), "none; allow GET, HEAD, POST") << "methods are case-sensitive";
  EXPECT_EQ(pattern_of(router, "GET", "/x/"), "none; allow ");
  EXPECT_EQ(pattern_of(router, "GET", "x"), "none; allow ");
  EXPECT_EQ(pattern_of(router, "GET", ""), "none; allow ");
  EXPECT_EQ(pattern_of(router, "OPTIONS", "*"), "none; allow ");
}

}  // namespace
}  // namespace sixfold::net
