// Starting and stopping.
#include <gtest/gtest.h>

#include <thread>

#include "test_server.h"

namespace sixfold::net {
namespace {

TEST(HttpStop, a_running_stream_is_drained_and_nobody_new_is_let_in) {
  TestServer test;
  std::shared_ptr<ResponseWriter> writer;
  Event arrived;
  test.route_echo();
  test.route("GET", "/stream", [&](const HttpRequest&, std::shared_ptr<ResponseWriter> given) {
    writer = std::move(given);
    writer->begin_stream({});
    arrived.set();
  });
  const std::uint16_t port = test.start();
  RawClient idle(port);
  EXPECT_EQ(idle.ask(get("/hello")).status, 200);
  RawClient client(port);
  client.send(get("/stream"));
  ASSERT_TRUE(arrived.wait());
  bool was_clean = false;
  std::thread stopper([&] { was_clean = test.server->stop(20'000); });
  EXPECT_TRUE(idle.sees_close()) << "idle connections close at once";
  EXPECT_FALSE(RawClient(port).is_connected());
  EXPECT_TRUE(writer->write("still here"));
  writer->end();
  const Answer answer = client.read_answer();
  EXPECT_TRUE(answer.is_whole);
  EXPECT_EQ(answer.body, "still here");
  stopper.join();
  EXPECT_TRUE(was_clean);
  EXPECT_EQ(test.server->connections(), 0u);
}

TEST(HttpStop, an_answer_given_while_draining_closes_its_connection) {
  TestServer test;
  std::shared_ptr<ResponseWriter> writer;
  Event arrived;
  test.route("GET", "/wait", [&](const HttpRequest&, std::shared_ptr<ResponseWriter> given) {
    writer = std::move(given);
    arrived.set();
  });
  test.route_echo();
  const std::uint16_t port = test.start();
  RawClient idle(port);
  EXPECT_EQ(idle.ask(get("/hello")).status, 200);
  RawClient client(port);
  client.send(get("/wait"));
  ASSERT_TRUE(arrived.wait());
  std::thread stopper([&] { EXPECT_TRUE(test.server->stop(20'000)); });
  EXPECT_TRUE(idle.sees_close());
  writer->send({});
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Connection"), "close");
  client.close();
  stopper.join();
}

TEST(HttpStop, what_does_not_end_in_time_is_cut_and_told) {
  TestServer test;
  std::shared_ptr<ResponseWriter> writer;
  Event arrived;
  Event gone;
  test.route("GET", "/stream", [&](const HttpRequest&, std::shared_ptr<ResponseWriter> given) {
    writer = std::move(given);
    writer->on_gone([&] { gone.set(); });
    writer->begin_stream({});
    arrived.set();
  });
  RawClient client(test.start());
  client.send(get("/stream"));
  ASSERT_TRUE(arrived.wait());
  EXPECT_FALSE(test.server->stop(10));
  EXPECT_FALSE(test.server->stop(10)) << "the second call says the same";
  EXPECT_TRUE(gone.wait());
  EXPECT_FALSE(client.read_answer().is_whole);
  test.server.reset();
  // The writer outlives the server; it only says no.
  EXPECT_TRUE(writer->is_gone());
  EXPECT_FALSE(writer->write("x"));
  writer->post([] { ADD_FAILURE(); });
  writer->post_after(0, [] { ADD_FAILURE(); });
  writer->on_gone([] { ADD_FAILURE(); });
  writer->end();
}

TEST(HttpStop, stops_with_clients_in_every_state) {
  TestServer test;
  test.route_echo();
  const std::uint16_t port = test.start();
  RawClient silent(port);
  RawClient half_head(port);
  half_head.send("GET /hel");
  RawClient half_body(port);
  half_body.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
  RawClient refused(port);
  EXPECT_EQ(refused.ask("nonsense\r\n\r\n").status, 400);  // lingers
  RawClient done(port);
  EXPECT_EQ(done.ask(get("/hello")).status, 200);
  test.server->stop(0);
  EXPECT_EQ(test.server->connections(), 0u);
  EXPECT_EQ(test.server->requests_running(), 0u);
}

TEST(HttpStart, says_which_address_is_taken) {
  TestServer first;
  TestServer second;
  second.options.port = first.start();
  const auto started = HttpServer::start(second.options, second.router);
  ASSERT_FALSE(started.is_ok());
  EXPECT_EQ(started.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(started.error().message, "127.0.0.1:" + std::to_string(second.options.port) +
                                         " is in use by another program; choose another with --port");
}

TEST(HttpStart, refuses_what_is_not_an_address) {
  for (const char* host : {"", "example.invalid", "127.0.0.1:80", "300.1.1.1", "[::1"}) {
    HttpServerOptions options;
    options.host = host;
    options.port = 0;
    const auto started = HttpServer::start(options, {});
    ASSERT_FALSE(started.is_ok()) << host;
    EXPECT_EQ(started.error().code, ErrorCode::kInvalidArgument) << started.error().message;
  }
}

TEST(HttpStart, serves_localhost_and_every_address_over_ipv6_too) {
  for (const char* host : {"localhost", "::", "[::1]"}) {
    TestServer test;
    test.route_echo();
    test.options.host = host;
    const auto started = HttpServer::start(test.options, test.router);
    if (!started && std::string(host) != "localhost") GTEST_SKIP() << "no IPv6 here: " << started.error().message;
    ASSERT_TRUE(started.is_ok()) << started.error().message;
    const std::uint16_t port = (*started)->port();
    RawClient over_v6(port, "::1");
    if (!over_v6.is_connected()) GTEST_SKIP() << "no IPv6 here";
    EXPECT_EQ(over_v6.ask(get("/hello")).body, "hello") << host;
    RawClient over_v4(port);
    EXPECT_EQ(over_v4.is_connected(), std::string(host) != "[::1]") << host;
    if (over_v4.is_connected()) {
      EXPECT_EQ(over_v4.ask(get("/hello")).body, "hello") << host;
    }
  }
}

}  // namespace
}  // namespace sixfold::net
