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

TEST(HttpServer, reads_a_head_that_comes_byte_by_byte) {
  TestServer test;
  test.route_echo();
  RawClient client(test.start());
  const std::string request = post("/echo", "text");
  for (const char byte : request) ASSERT_TRUE(client.send({&byte, 1}));
  EXPECT_EQ(client.read_answer().body, "text");
}

TEST(HttpServer, answers_pipelined_requests_in_order) {
  TestServer test;
  test.route_echo();
  // The first is answered last, if order were not kept.
  test.route("POST", "/later", [&](const HttpRequest& request, std::shared_ptr<ResponseWriter> writer) {
    writer->post_after(request.body == "0" ? 20 : 0, [writer, body = request.body] {
      HttpResponse response;
      response.body = body;
      writer->send(std::move(response));
    });
  });
  RawClient client(test.start());
  std::string requests;
  for (int index = 0; index < 20; ++index) requests += post("/later", std::to_string(index));
  client.send(requests);
  client.finish_sending();
  for (int index = 0; index < 20; ++index) EXPECT_EQ(client.read_answer().body, std::to_string(index));
  EXPECT_TRUE(client.sees_close());
}

TEST(HttpServer, a_long_pipeline_waits_in_the_socket) {
  TestServer test;
  test.route_echo();
  RawClient client(test.start());
  const std::string body(1000, 'p');
  std::thread sender([&] {
    std::string requests;
    for (int index = 0; index < 500; ++index) requests += post("/echo", body);
    client.send(requests);
  });
  int answered = 0;
  while (answered < 500 && client.read_answer().body == body) ++answered;
  sender.join();
  EXPECT_EQ(answered, 500);
}

TEST(HttpServer, reads_chunked_bodies_and_asks_for_expected_ones) {
  TestServer test;
  test.route_echo();
  RawClient client(test.start());
  const Answer chunked = client.ask(
      "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n5\r\npedia\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.body, "Wikipedia");
  const Answer go_on =
      client.ask("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(go_on.status, 100);
  EXPECT_EQ(client.ask("body").body, "body");
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\nsoon");
  EXPECT_EQ(client.read_answer().body, "soon") << "no 100 for a body that is already there";
}

TEST(HttpServer, big_bodies_go_both_ways) {
  TestServer test;
  test.route_echo();
  RawClient client(test.start());
  std::string body(3u << 20, 'a');
  for (std::size_t index = 0; index < body.size(); ++index) body[index] = static_cast<char>('a' + index % 23);
  std::thread sender([&] { client.send(post("/echo", body)); });
  const Answer answer = client.read_answer();
  sender.join();
  EXPECT_TRUE(answer.body == body);
  EXPECT_GT(test.finished_at(0).response_bytes, body.size());
}

TEST(HttpServer, head_gets_the_head_of_get) {
  TestServer test;
  test.route_echo();
  test.route("GET", "/stream", [](const HttpRequest&, std::shared_ptr<ResponseWriter> writer) {
    writer->begin_stream({});
    writer->write("not for HEAD");
    writer->end();
  });
  test.route("DELETE", "/thing", [](const HttpRequest&, std::shared_ptr<ResponseWriter> writer) {
    HttpResponse response;
    response.status = 204;
    writer->send(std::move(response));
  });
  RawClient client(test.start());
  client.send("HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  const Answer head = client.read_answer(false);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("Content-Length"), "5");
  client.send("HEAD /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.read_answer(false).status, 200);
  client.send("DELETE /thing HTTP/1.1\r\nHost: h\r\n\r\n");
  const Answer deleted = client.read_answer();
  EXPECT_EQ(deleted.status, 204);
  EXPECT_EQ(deleted.header("Content-Length"), "");
  EXPECT_EQ(client.ask(get("/hello")).body, "hello") << "nothing of a body was left in between";
}

TEST(HttpServer, closes_when_either_side_asks) {
  TestServer test;
  test.route_echo();
  test.route("GET", "/bye", [](const HttpRequest&, std::shared_ptr<ResponseWriter> writer) {
    HttpResponse response;
    response.headers.push_back({"Connection", "close"});
    writer->send(std::move(response));
  });
  const std::uint16_t port = test.start();
  RawClient asking(port);
  EXPECT_EQ(asking.ask(get("/hello", "Connection: close\r\n")).header("Connection"), "close");
  EXPECT_TRUE(asking.sees_close());
  RawClient told(port);
  EXPECT_EQ(told.ask(get("/bye")).header("Connection"), "close");
  EXPECT_TRUE(told.sees_close());
  RawClient old(port);
  EXPECT_EQ(old.ask("GET /hello HTTP/1.0\r\n\r\n").header("Connection"), "close");
  EXPECT_TRUE(old.sees_close());
  RawClient kept(port);
  EXPECT_EQ(kept.ask("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").header("Connection"), "keep-alive");
  EXPECT_EQ(kept.ask(get("/hello")).body, "hello");
}

TEST(HttpServer, handlers_see_the_route_the_address_and_the_id) {
  TestServer test;
  test.route("GET", "/v1/models/{model}", [](const HttpRequest& request, std::shared_ptr<ResponseWriter> writer) {
    HttpResponse response;
    response.body = std::string(request.path_value("model")) + "|" + std::string(request.query_value("q")) + "|" +
                    request.remote_address + "|" + request.id;
    writer->send(std::move(response));
  });
  RawClient client(test.start());
  const Answer answer = client.ask(get("/v1/models/tiny%20one?q=a%26b", "X-Request-Id: bad id\r\n"));
  const std::string id = answer.header("X-Request-Id");
  EXPECT_EQ(id.size(), 32u) << "an id with a blank is replaced";
  EXPECT_EQ(answer.body, "tiny one|a&b|127.0.0.1|" + id);
  const FinishedRecord record = test.finished_at(0);
  EXPECT_EQ(record.method, "GET");
  EXPECT_EQ(record.route, "/v1/models/{model}");
  EXPECT_EQ(record.status, 200);
  EXPECT_EQ(record.request_id, id);
  EXPECT_EQ(record.remote_address, "127.0.0.1");
  EXPECT_FALSE(record.is_client_gone);
}

}  // namespace
}  // namespace sixfold::net
