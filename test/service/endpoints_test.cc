// The endpoints that answer at once, the route table and the OpenAPI document.
#include <gtest/gtest.h>

#include <set>

#include "service/bench.h"
#include "service/cross_origin.h"
#include "service/routes.h"

namespace sixfold::service {
namespace {

TEST(Models, list_and_show_tell_the_chat_template) {
  Bench bench;
  const auto list = answer_json(*bench.call(list_models, ""));
  EXPECT_EQ(text_at(list, "/object"), "list");
  EXPECT_EQ(text_at(list, "/data/0/id"), "fake");
  EXPECT_EQ(text_at(list, "/data/0/sixfold/chat_template"), "plain");

  const auto show = [&](std::string name) {
    net::HttpRequest request;
    request.path_values = {{"model", std::move(name)}};
    auto writer = std::make_shared<FakeWriter>();
    show_model(bench.state, request, writer);
    return writer;
  };
  for (const std::string name : {"fake", "also-fake", "default"}) {
    EXPECT_EQ(text_at(answer_json(*show(name)), "/id"), "fake") << name;
  }
  EXPECT_EQ(show("other")->answer->status, 404);
  EXPECT_EQ(text_at(answer_json(*show("other")), "/error/code"), "model_not_found");
}

TEST(Tokenize, gives_ids_and_pieces) {
  Bench bench;
  EXPECT_EQ(bench.call(tokenize, R"({"content":"ab"})")->answer->body, R"({"tokens":[97,98],"count":2})");
  EXPECT_EQ(bench.call(tokenize, R"({"prompt":"a","add_special":true})")->answer->body,
            R"({"tokens":[1,97],"count":2})");
  EXPECT_EQ(bench.call(tokenize, "{\"text\":\"a\xC3\xA9\",\"with_pieces\":true}")->answer->body,
            R"({"tokens":[{"id":97,"piece":"a"},{"id":195,"piece":[195]},{"id":169,"piece":[169]}],"count":3})");
  for (const std::string body : {"{}", R"({"content":"a","text":"b"})", R"({"content":1})", R"({"contents":"a"})"}) {
    EXPECT_EQ(bench.call(tokenize, body)->answer->status, 400) << body;
  }
}

TEST(Detokenize, gives_text_and_refuses_bad_ids) {
  Bench bench;
  EXPECT_EQ(bench.call(detokenize, R"({"tokens":[104,105]})")->answer->body, R"({"content":"hi"})");
  EXPECT_EQ(bench.call(detokenize, R"({"tokens":[]})")->answer->body, R"({"content":""})");
  for (const std::string body : {"{}", R"({"tokens":"a"})", R"({"tokens":[-1]})", R"({"tokens":[1.5]})",
                                 R"({"tokens":[300]})", R"({"tokens":[99999999999]})"}) {
    EXPECT_EQ(bench.call(detokenize, body)->answer->status, 400) << body;
  }
}

TEST(Readiness, says_why_not) {
  Bench bench;
  EXPECT_EQ(bench.call(readiness, "")->answer->status, 200);
  bench.backend.ready = false;
  auto writer = bench.call(readiness, "");
  EXPECT_EQ(writer->answer->status, 503);
  EXPECT_EQ(text_at(answer_json(*writer), "/reason"), "decoding does not advance");
  EXPECT_EQ(bench.call(health, "")->answer->status, 200) << "the process itself is well";
  bench.backend.ready = true;
  bench.state.is_draining = true;
  writer = bench.call(readiness, "");
  EXPECT_EQ(writer->answer->status, 503);
  EXPECT_EQ(text_at(answer_json(*writer), "/reason"), "the server is stopping");
}

TEST(LandingPage, sends_browsers_to_the_docs_and_tells_programs_in_json) {
  Bench bench;
  EXPECT_EQ(text_at(answer_json(*bench.call(landing_page, "")), "/docs"), "/docs");
  net::HttpRequest request;
  request.headers = {{"Accept", "text/html,application/xhtml+xml"}};
  const auto writer = std::make_shared<FakeWriter>();
  landing_page(bench.state, request, writer);
  EXPECT_EQ(writer->answer->status, 302);
}

TEST(DocsPage, loads_nothing_from_elsewhere) {
  Bench bench;
  const auto writer = bench.call(docs_page, "");
  const std::string& page = writer->answer->body;
  EXPECT_EQ(writer->answer->content_type, "text/html; charset=utf-8");
  EXPECT_TRUE(page.starts_with("<!doctype html>"));
  for (const std::string_view outside : {"http://", "https://", "src=\"//", "@import", "url("}) {
    EXPECT_EQ(page.find(outside), std::string::npos) << outside;
  }
}

TEST(Routes, are_unique_and_all_found_by_the_router) {
  Bench bench;
  const net::Router router = make_router(bench.state, false);
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const RouteRow& row : route_table()) {
    EXPECT_TRUE(seen.emplace(row.method, row.pattern).second) << row.pattern;
    std::string path(row.pattern);
    for (auto open = path.find('{'); open != std::string::npos; open = path.find('{')) {
      const bool is_rest = path.find("...}", open) != std::string::npos;
      path.replace(open, path.find('}', open) + 1 - open, is_rest ? "org/name" : "name");
    }
    const auto match = router.match(row.method, path);
    ASSERT_NE(match.route, nullptr) << path;
    EXPECT_EQ(match.route->pattern, row.pattern);
  }
}

TEST(OpenApi, describes_every_listed_route_and_refers_only_to_what_exists) {
  Bench bench;
  const auto document = boost::json::parse(make_openapi(bench.backend.describe()));
  EXPECT_EQ(text_at(document, "/openapi"), "3.1.0");
  const auto& schemas = document.at_pointer("/components/schemas").get_object();
  std::size_t listed = 0;
  for (const RouteRow& row : route_table()) {
    if (row.is_listed) ++listed;
    for (const std::string_view name : {row.request_schema, row.response_schema}) {
      EXPECT_TRUE(name.empty() || schemas.contains({name.data(), name.size()})) << name;
    }
  }
  std::size_t operations = 0;
  for (const auto& path : document.at("paths").get_object()) operations += path.value().get_object().size();
  EXPECT_EQ(operations, listed);
  EXPECT_TRUE(document.at("paths").get_object().contains("/v1/models/{model}"));
  const std::string text = boost::json::serialize(document);
  for (std::size_t at = text.find("#/components/schemas/"); at != std::string::npos; at = text.find("#/comp", at + 1)) {
    const std::size_t begin = at + std::string_view("#/components/schemas/").size();
    const std::string name = text.substr(begin, text.find('"', begin) - begin);
    EXPECT_TRUE(schemas.contains(name)) << name;
  }
}

TEST(CrossOrigin, answers_carry_permission_only_when_asked_for) {
  Bench bench;
  const auto has_permission = [](const net::HttpResponse& response) {
    for (const net::Header& header : response.headers) {
      if (header.name == "Access-Control-Allow-Origin") return header.value == "*";
    }
    return false;
  };
  for (const bool allows : {false, true}) {
    const net::Router router = make_router(bench.state, allows);
    const auto writer = std::make_shared<FakeWriter>();
    router.match("GET", "/health").route->handler({}, writer);
    EXPECT_EQ(has_permission(*writer->answer), allows);
  }
  net::HttpRequest preflight;
  preflight.method = "OPTIONS";
  EXPECT_FALSE(is_preflight(preflight));
  preflight.headers = {{"Origin", "http://a"}, {"Access-Control-Request-Method", "POST"}};
  EXPECT_TRUE(is_preflight(preflight));
  EXPECT_EQ(preflight_response(preflight).status, 204);
  EXPECT_TRUE(has_permission(preflight_response(preflight)));
}

}  // namespace
}  // namespace sixfold::service
