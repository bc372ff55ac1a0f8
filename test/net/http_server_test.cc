// The server answers requests over real sockets.
#include "net/http_server.h"

#include <gtest/gtest.h>

#include <thread>

#include "net/sse.h"
#include "test_server.h"

namespace sixfold::net {
namespace {

TEST(HttpServer, answers_with_its_headers_and_keeps_the_connection) {
  TestServer test;
  test.route_echo();
  RawClient client(test.start());
  const Answer first = client.ask(get("/hello", "X-Request-Id: abc-1.x_Y\r\n"));
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.body, "hello");
  EXPECT_EQ(first.header("Content-Type"), "text/plain");
  EXPECT_EQ(first.header("X-Request-Id"), "abc-1.x_Y");
  EXPECT_EQ(first.header("Server"), "sixfold");
  EXPECT_EQ(first.header("Date").substr(26), "GMT");
  EXPECT_EQ(first.header("Connection"), "");
  const Answer second = client.ask(post("/echo", "some text"));
  EXPECT_EQ(second.body, "some text");
  EXPECT_EQ(second.header("X-Request-Id").size(), 32u);
}

TEST(HttpServer, streams_chunks_and_then_serves_the_next_request) {
  TestServer test;
  test.route_echo();
  std::thread producer;
  test.route("GET", "/stream", [&](const HttpRequest&, std::shared_ptr<ResponseWriter> writer) {
    producer = std::thread([writer = std::move(writer)] {
      writer->begin_stream({.content_type = "text/event-stream"});
      for (int event = 0; event < 50; ++event) EXPECT_TRUE(writer->write(sse_event(std::to_string(event))));
      writer->end();
    });
  });
  RawClient client(test.start());
  const Answer answer = client.ask(get("/stream"));
  producer.join();
  EXPECT_TRUE(answer.is_chunked);
  EXPECT_TRUE(answer.is_whole);
  EXPECT_EQ(answer.header("Content-Type"), "text/event-stream");
  std::string want;
  for (int event = 0; event < 50; ++event) want += "data: " + std::to_string(event) + "\n\n";
  EXPECT_EQ(answer.body, want);
  EXPECT_EQ(client.ask(get("/hello")).body, "hello");
}

}  // namespace
}  // namespace sixfold::net
