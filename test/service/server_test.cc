// The whole service over real sockets and threads, with an engine that has no model.
#include "service/server.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <thread>

#include "net/raw_client.h"
#include "service/bench.h"
#include "service/fake_engine.h"
#include "service/local_backend.h"

namespace sixfold::service {
namespace {

std::string post(std::string_view path, std::string_view body) {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

std::string get(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

struct Running {
  FakeEngine* engine;
  std::unique_ptr<LocalBackend> backend;
  telemetry::Metrics metrics{"fake"};
  std::unique_ptr<Server> server;

  explicit Running(ServeOptions options = {}) {
    auto made = std::make_unique<FakeEngine>();
    engine = made.get();
    backend =
        std::make_unique<LocalBackend>(std::move(made), std::make_unique<LineTemplate>(""), LocalBackendOptions{});
    options.http.port = 0;
    options.http.threads = 2;
    auto started = Server::serve(*backend, &metrics, std::move(options));
    EXPECT_TRUE(started.is_ok());
    if (started) server = std::move(*started);
  }
};

TEST(Server, answers_and_streams_over_one_connection) {
  Running running;
  net::RawClient client(running.server->port());
  const auto whole = client.ask(post("/v1/completions", R"({"prompt":"x","max_tokens":5})"));
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(text_at(boost::json::parse(whole.body), "/choices/0/text"), "abcde");
  EXPECT_EQ(text_at(boost::json::parse(whole.body), "/usage/total_tokens"), "7");
  EXPECT_FALSE(whole.header("X-Request-Id").empty());
  const auto streamed = client.ask(
      post("/v1/chat/completions", R"({"messages":[{"role":"user","content":"x"}],"max_tokens":300,"stream":true})"));
  EXPECT_EQ(streamed.status, 200);
  EXPECT_TRUE(streamed.is_whole);
  std::string text;
  const auto data = stream_data(streamed.body);
  for (const std::string& item : data) {
    if (item == "[DONE]") continue;
    const auto chunk = boost::json::parse(item);
    if (const auto* content = chunk.at("choices").at(0).at("delta").get_object().if_contains("content")) {
      text += content->get_string().c_str();
    }
  }
  EXPECT_EQ(text.size(), 300u);
  EXPECT_EQ(data.back(), "[DONE]");
}

TEST(Server, a_client_that_leaves_frees_the_engine) {
  Running running;
  for (const bool streams : {true, false}) {
    net::RawClient client(running.server->port());
    client.send(post("/v1/completions", streams ? R"({"prompt":"x","max_tokens":16000000,"stream":true})"
                                                : R"({"prompt":"x","max_tokens":16000000})"));
    if (streams) {
      client.receive_until("data: ");
    } else {
      while (running.engine->status().requests_running == 0) std::this_thread::yield();
    }
    EXPECT_EQ(running.engine->status().requests_running, 1u);
    client.close();
    EXPECT_TRUE(running.engine->wait_until_idle());
  }
}

TEST(Server, a_client_that_does_not_read_pauses_its_request_only) {
  Running running;
  net::RawClient slow(running.server->port(), "127.0.0.1", 4096);
  slow.send(post("/v1/completions", R"({"prompt":"x","max_tokens":16000000,"stream":true})"));
  ASSERT_TRUE(slow.receive_until("data: "));
  net::RawClient quick(running.server->port());
  EXPECT_EQ(quick.ask(post("/v1/completions", R"({"prompt":"x","max_tokens":5})")).status, 200);
  slow.close();
  EXPECT_TRUE(running.engine->wait_until_idle());
}

TEST(Server, its_own_errors_have_the_shape_that_clients_read) {
  Running running;
  net::RawClient client(running.server->port());
  const auto missing = client.ask(get("/v1/nothing"));
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(text_at(boost::json::parse(missing.body), "/error/type"), "invalid_request_error");
  EXPECT_EQ(client.ask(get("/v1/chat/completions")).status, 405);
}

TEST(Server, counts_requests_by_route) {
  Running running;
  net::RawClient client(running.server->port());
  EXPECT_EQ(client.ask(get("/v1/models/fake")).status, 200);
  const auto page = client.ask(get("/metrics"));
  EXPECT_NE(page.body.find("route=\"/v1/models/{model...}\""), std::string::npos) << page.body;
}

TEST(Server, draining_is_seen_at_once_and_lets_requests_finish) {
  ServeOptions options;
  options.pre_stop_ms = 60'000;
  Running running(std::move(options));
  net::RawClient prober(running.server->port());
  EXPECT_EQ(prober.ask(get("/readyz")).status, 200);
  net::RawClient client(running.server->port());
  client.send(post("/v1/completions", R"({"prompt":"x","max_tokens":200000,"stream":true})"));
  ASSERT_TRUE(client.receive_until("data: "));
  bool is_clean = false;
  std::thread stopper([&] { is_clean = running.server->drain(60'000); });
  while (prober.ask(get("/readyz")).status == 200) std::this_thread::yield();
  EXPECT_EQ(prober.ask(get("/v1/models")).status, 200) << "still served during the pre-stop wait";
  running.server->hurry();
  const auto answer = client.read_answer();
  stopper.join();
  EXPECT_TRUE(is_clean);
  EXPECT_TRUE(answer.is_whole);
  EXPECT_TRUE(answer.body.ends_with("data: [DONE]\n\n"));
}

TEST(Server, stopping_with_requests_open_cancels_them) {
  Running running;
  net::RawClient client(running.server->port());
  client.send(post("/v1/completions", R"({"prompt":"x","max_tokens":16000000,"stream":true})"));
  ASSERT_TRUE(client.receive_until("data: "));
  EXPECT_FALSE(running.server->drain(0));
  EXPECT_TRUE(running.engine->wait_until_idle());
  running.server.reset();
}

TEST(Server, answers_preflights_only_when_allowed) {
  const std::string preflight =
      "OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: x\r\nOrigin: http://a\r\n"
      "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization\r\n\r\n";
  Running closed;
  net::RawClient refused(closed.server->port());
  EXPECT_EQ(refused.ask(preflight).status, 405);
  ServeOptions options;
  options.allows_cross_origin = true;
  Running open(std::move(options));
  net::RawClient client(open.server->port());
  const auto answer = client.ask(preflight);
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(answer.header("Access-Control-Allow-Headers"), "authorization");
  EXPECT_EQ(client.ask(get("/nothing")).header("Access-Control-Allow-Origin"), "*");
}

}  // namespace
}  // namespace sixfold::service
