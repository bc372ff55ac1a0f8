// What the server answers by itself: limits, time-outs, missing routes, broken handlers.
#include <gtest/gtest.h>

#include <stdexcept>

#include "test_server.h"

namespace sixfold::net {
namespace {

struct LimitServer : TestServer {
  LimitServer() {
    options.header_bytes_max = 1024;
    options.body_bytes_max = 1000;
    route_echo();
  }
};

TEST(HttpLimits, missing_routes_and_methods) {
  LimitServer test;
  RawClient client(test.start());
  const Answer missing = client.ask(get("/no\"where"));
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.header("Content-Type"), "application/json");
  EXPECT_NE(missing.body.find(R"({"error":{"message":"no such path: /no\"where")"), std::string::npos) << missing.body;
  const Answer wrong = client.ask(post("/hello", "x"));
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.header("Allow"), "GET, HEAD");
  EXPECT_EQ(test.finished_at(0).route, "");
  EXPECT_EQ(test.finished_at(1).status, 405);
  EXPECT_EQ(client.ask(get("/hello")).status, 200) << "the connection is still good";
}

TEST(HttpLimits, errors_are_made_by_the_given_function) {
  LimitServer test;
  test.options.error_response = [](int status, std::string_view message, std::string_view path) {
    HttpResponse response;
    response.content_type = "text/plain";
    response.body = std::to_string(status) + " " + std::string(path) + ": " + std::string(message);
    return response;
  };
  RawClient client(test.start());
  const Answer answer = client.ask(get("/nowhere"));
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body, "404 /nowhere: no such path: /nowhere");
}

TEST(HttpLimits, big_heads_are_431_and_the_connection_ends) {
  LimitServer test;
  RawClient client(test.start());
  const Answer answer = client.ask(get("/hello", "X: " + std::string(2000, 'x') + "\r\n"));
  EXPECT_EQ(answer.status, 431);
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_TRUE(client.sees_close());
}

TEST(HttpLimits, big_bodies_are_413_before_they_are_sent) {
  LimitServer test;
  const std::uint16_t port = test.start();
  RawClient sized(port);
  EXPECT_EQ(sized.ask("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n").status, 413);
  RawClient waiting(port);
  EXPECT_EQ(
      waiting.ask("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n").status,
      413);
  RawClient chunked(port);
  const Answer answer = chunked.ask("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n");
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.header("Connection"), "close");
  RawClient stubborn(port);
  EXPECT_EQ(stubborn.ask(post("/echo", std::string(500'000, 'x'))).status, 413)
      << "the answer is read even by a client that sends all of the body first";
}

TEST(HttpLimits, malformed_requests_get_their_status) {
  LimitServer test;
  const std::uint16_t port = test.start();
  const auto status = [&](const std::string& bytes) {
    RawClient client(port);
    const Answer answer = client.ask(bytes);
    EXPECT_EQ(answer.header("Connection"), "close");
    EXPECT_EQ(answer.header("X-Request-Id").size(), 32u);
    return answer.status;
  };
  EXPECT_EQ(status("nonsense\r\n\r\n"), 400);
  EXPECT_EQ(status("GET / HTTP/3.0\r\n\r\n"), 505);
  EXPECT_EQ(status("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(status("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n"), 501);
  EXPECT_EQ(status("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"), 400);
  EXPECT_EQ(status(get("/%00")), 400);
}

TEST(HttpLimits, slow_heads_are_408_however_often_a_byte_comes) {
  LimitServer test;
  test.options.header_timeout_ms = 80;
  test.options.header_bytes_max = 1u << 30;
  RawClient client(test.start());
  client.send("GET /hello HTTP/1.1\r\nHost: h\r\n");
  // Each byte is a sign of life; the deadline must not move with it.
  while (client.send("X") && test.finished_event.count() == 0) {
  }
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(test.finished_at(0).status, 408);
}

TEST(HttpLimits, slow_bodies_are_408) {
  LimitServer test;
  test.options.body_timeout_ms = 50;
  RawClient client(test.start());
  const Answer answer = client.ask("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_TRUE(client.sees_close());
}

TEST(HttpLimits, idle_connections_are_closed_without_a_word) {
  LimitServer test;
  test.options.idle_timeout_ms = 50;
  test.options.header_timeout_ms = 50;
  const std::uint16_t port = test.start();
  RawClient silent(port);
  EXPECT_TRUE(silent.sees_close());
  RawClient client(port);
  EXPECT_EQ(client.ask(get("/hello")).status, 200);
  EXPECT_TRUE(client.sees_close());
}

TEST(HttpLimits, connections_above_the_limit_get_503) {
  LimitServer test;
  test.options.connections_max = 2;
  const std::uint16_t port = test.start();
  auto first = std::make_unique<RawClient>(port);
  EXPECT_EQ(first->ask(get("/hello")).status, 200);
  RawClient second(port);
  EXPECT_EQ(second.ask(get("/hello")).status, 200);
  RawClient third(port);
  const Answer refused = third.read_answer();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.header("Retry-After"), "1");
  EXPECT_EQ(refused.header("Connection"), "close");
  EXPECT_EQ(test.server->connections(), 2u);
  EXPECT_TRUE(third.sees_close());
  first.reset();
  // The place is free as soon as the server has seen the client leave.
  Answer answer;
  do {
    RawClient next(port);
    answer = next.ask(get("/hello"));
  } while (answer.status == 503);
  EXPECT_EQ(answer.status, 200);
}

TEST(HttpLimits, a_request_that_nobody_answers_is_500) {
  LimitServer test;
  test.route("GET", "/drop", [](const HttpRequest&, std::shared_ptr<ResponseWriter>) {});
  test.route("GET", "/throw",
             [](const HttpRequest&, std::shared_ptr<ResponseWriter>) { throw std::runtime_error("x"); });
  test.route("GET", "/throw-late", [](const HttpRequest&, std::shared_ptr<ResponseWriter> writer) {
    HttpResponse response;
    response.body = "fine";
    writer->send(std::move(response));
    throw std::runtime_error("x");
  });
  RawClient client(test.start());
  for (const char* path : {"/drop", "/throw"}) {
    const Answer answer = client.ask(get(path));
    EXPECT_EQ(answer.status, 500) << path;
    EXPECT_NE(answer.body.find("server_error"), std::string::npos);
  }
  EXPECT_EQ(client.ask(get("/throw-late")).body, "fine");
}

TEST(HttpLimits, the_check_before_routing_can_refuse_before_the_body_comes) {
  LimitServer test;
  test.options.before = [](const HttpRequest& request, const std::shared_ptr<ResponseWriter>& writer) {
    EXPECT_TRUE(request.body.empty());
    if (request.header("Authorization") == "Bearer key") return true;
    HttpResponse response;
    response.status = 401;
    writer->send(std::move(response));
    return false;
  };
  const std::uint16_t port = test.start();
  RawClient client(port);
  const Answer refused = client.ask("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\n");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.header("Connection"), "close") << "the body stays unread";
  RawClient good(port);
  EXPECT_EQ(good.ask(get("/hello")).status, 401);
  EXPECT_EQ(good.ask(post("/echo", "text", "Authorization: Bearer key\r\n")).body, "text");
}

}  // namespace
}  // namespace sixfold::net
