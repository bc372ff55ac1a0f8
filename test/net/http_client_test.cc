// The client against a real server on loopback: bodies, limits, redirects, credentials, repetition, silence.
#include "net/http_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include "core/error.h"
#include "test_server.h"

namespace sixfold::net {
namespace {

constexpr std::size_t kBytesMax = 1 << 20;

// Answers everything with a status and body, and remembers what was asked.
struct Recorder {
  TestServer server;
  std::mutex mutex;
  std::vector<HttpRequest> requests;
  std::function<HttpResponse(const HttpRequest&)> answer = [](const HttpRequest&) {
    return HttpResponse{.content_type = "text/plain", .body = "hello"};
  };

  void handle(const HttpRequest& request, const std::shared_ptr<ResponseWriter>& writer) {
    HttpResponse response;
    {
      const std::lock_guard lock(mutex);
      requests.push_back(request);
      response = answer(request);
    }
    writer->send(std::move(response));
  }
  std::string start() {
    for (const char* method : {"GET", "POST", "PUT", "DELETE"}) {
      server.route(method, "/{path...}", [this](const HttpRequest& request, std::shared_ptr<ResponseWriter> writer) {
        handle(request, writer);
      });
    }
    return "http://127.0.0.1:" + std::to_string(server.start());
  }
  std::size_t count() {
    const std::lock_guard lock(mutex);
    return requests.size();
  }
  HttpRequest at(std::size_t index) {
    const std::lock_guard lock(mutex);
    return requests.at(index);
  }
};

HttpResponse redirect_to(std::string location, int status = 302) {
  return {.status = status, .headers = {{"Location", std::move(location)}}};
}

// No proxy of this machine, no real waiting.
HttpClientOptions quick(std::vector<Nanoseconds>* waits = nullptr) {
  HttpClientOptions options;
  options.uses_proxy = false;
  options.pause = [waits](Nanoseconds delay) {
    if (waits != nullptr) waits->push_back(delay);
    return ok();
  };
  return options;
}

class Collector final : public BodySink {
 public:
  Status begin(const ResponseHead& head) override {
    status = head.status;
    return ok();
  }
  Status take(std::span<const std::byte> bytes) override {
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (text.size() > bytes_max) return resource_exhausted("sink is full");
    return ok();
  }
  int status = 0;
  std::size_t bytes_max = kBytesMax;
  std::string text;
};

TEST(HttpClient, gets_a_body_with_its_head) {
  Recorder recorder;
  const std::string base = recorder.start();
  HttpClient client(quick());
  const auto response =
      client.fetch({.url = base + "/a%20b?x=1", .headers = {{"X-One", "1"}, {"X-Empty", ""}}}, kBytesMax);
  ASSERT_TRUE(response.is_ok()) << response.error().message;
  EXPECT_EQ(response->head.status, 200);
  EXPECT_EQ(response->head.header("content-type"), "text/plain");
  EXPECT_EQ(response->head.content_length(), 5u);
  EXPECT_EQ(response->body, "hello");
  EXPECT_EQ(recorder.at(0).path, "/a b");
  EXPECT_EQ(recorder.at(0).query_value("x"), "1");
  EXPECT_EQ(recorder.at(0).header("x-one"), "1");
}

TEST(HttpClient, puts_and_posts_bodies) {
  Recorder recorder;
  const std::string base = recorder.start();
  HttpClient client(quick());
  ASSERT_TRUE(client.fetch({.method = "POST", .url = base + "/p", .body = "posted"}, kBytesMax).is_ok());
  ASSERT_TRUE(client.fetch({.method = "POST", .url = base + "/p"}, kBytesMax).is_ok());
  const std::string large(300'000, 'x');
  ClientRequest put{.method = "PUT", .url = base + "/q"};
  put.reader = BodyReader{large.size(), [&](std::uint64_t offset, std::span<std::byte> into) -> Result<std::size_t> {
                            const std::size_t count = std::min<std::size_t>(into.size(), large.size() - offset);
                            std::memcpy(into.data(), large.data() + offset, count);
                            return count;
                          }};
  ASSERT_TRUE(client.fetch(put, kBytesMax).is_ok());
  EXPECT_EQ(recorder.at(0).body, "posted");
  EXPECT_EQ(recorder.at(0).header("content-length"), "6");
  EXPECT_EQ(recorder.at(1).header("content-length"), "0");
  EXPECT_EQ(recorder.at(2).method, "PUT");
  EXPECT_EQ(recorder.at(2).body, large);
}

TEST(HttpClient, head_has_no_body_and_its_length_is_told) {
  Recorder recorder;
  const std::string base = recorder.start();
  HttpClient client(quick());
  const auto response = client.fetch({.method = "HEAD", .url = base + "/x"}, kBytesMax);
  ASSERT_TRUE(response.is_ok()) << response.error().message;
  EXPECT_EQ(response->head.content_length(), 5u);
  EXPECT_EQ(response->body, "");
}

TEST(HttpClient, head_of_something_larger_than_the_limit_is_an_answer) {
  Recorder recorder;
  recorder.answer = [](const HttpRequest&) { return HttpResponse{.body = std::string(2 * kBytesMax, 'x')}; };
  HttpClient client(quick());
  const auto response = client.fetch({.method = "HEAD", .url = recorder.start() + "/x"}, kBytesMax);
  ASSERT_TRUE(response.is_ok()) << response.error().message;
  EXPECT_EQ(response->head.content_length(), 2 * kBytesMax);
}

TEST(HttpClient, more_than_the_limit_is_refused) {
  Recorder recorder;
  recorder.answer = [](const HttpRequest&) { return HttpResponse{.body = std::string(1000, 'x')}; };
  const std::string base = recorder.start();
  HttpClient client(quick());
  const auto response = client.fetch({.url = base + "/x"}, 999);
  ASSERT_FALSE(response.is_ok());
  EXPECT_EQ(response.error().code, ErrorCode::kResourceExhausted);
  EXPECT_NE(response.error().message.find("at most 999 bytes"), std::string::npos);
  EXPECT_EQ(recorder.count(), 1u);
  EXPECT_TRUE(client.fetch({.url = base + "/x"}, 1000).is_ok());
}

TEST(HttpClient, a_stream_without_a_length_is_limited_too) {
  TestServer server;
  server.route("GET", "/s", [](const HttpRequest&, std::shared_ptr<ResponseWriter> writer) {
    writer->begin_stream({});
    writer->write(std::string(5000, 'x'));
    writer->end();
  });
  const std::string base = "http://127.0.0.1:" + std::to_string(server.start());
  HttpClient client(quick());
  EXPECT_EQ(client.fetch({.url = base + "/s"}, 4999).error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(client.fetch({.url = base + "/s"}, 5000)->body.size(), 5000u);
}

TEST(HttpClient, a_head_without_end_is_refused) {
  Recorder recorder;
  recorder.answer = [](const HttpRequest&) {
    HttpResponse response;
    for (int i = 0; i < 80; ++i) response.headers.push_back({"X-" + std::to_string(i), std::string(1000, 'x')});
    return response;
  };
  const std::string base = recorder.start();
  HttpClient client(quick());
  const auto response = client.fetch({.url = base + "/x"}, kBytesMax);
  ASSERT_FALSE(response.is_ok());
  EXPECT_EQ(response.error().code, ErrorCode::kResourceExhausted);
}

TEST(HttpClient, the_body_of_a_refusal_stays_out_of_the_sink) {
  Recorder recorder;
  recorder.answer = [](const HttpRequest&) { return HttpResponse{.status = 404, .body = std::string(200'000, 'e')}; };
  const std::string base = recorder.start();
  HttpClient client(quick());
  Collector sink;
  const auto head = client.send({.url = base + "/x"}, sink);
  ASSERT_TRUE(head.is_ok()) << head.error().message;
  EXPECT_EQ(head->status, 404);
  EXPECT_EQ(sink.status, 0);
  EXPECT_EQ(sink.text, "");
  EXPECT_EQ(head->error_body, std::string(limits::kClientErrorBodyBytesMax, 'e'));
  EXPECT_EQ(status_error(*head).message, "GET " + base + "/x: 404 Not Found");
}

TEST(HttpClient, credentials_go_to_their_origin_only) {
  Recorder first, second;
  const std::string there = second.start();
  first.answer = [&](const HttpRequest& request) {
    return request.path == "/start" ? redirect_to("/middle") : redirect_to(there + "/end");
  };
  // And back: whoever was in between may have chosen the address.
  second.answer = [&](const HttpRequest& request) {
    return request.path == "/end" ? redirect_to(there + "/last") : HttpResponse{.body = "done"};
  };
  const std::string here = first.start();
  HttpClient client(quick());
  const auto response = client.fetch({.url = here + "/start",
                                      .headers = {{"Accept", "x/y"}},
                                      .credentials = {{"Authorization", "Bearer secret"}, {"X-Token", "secret"}}},
                                     kBytesMax);
  ASSERT_TRUE(response.is_ok()) << response.error().message;
  EXPECT_EQ(response->body, "done");
  EXPECT_EQ(response->head.url, there + "/last");
  ASSERT_EQ(first.count(), 2u);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(first.at(i).header("authorization"), "Bearer secret");
  ASSERT_EQ(second.count(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(second.at(i).header("authorization"), "");
    EXPECT_EQ(second.at(i).header("x-token"), "");
    EXPECT_EQ(second.at(i).header("accept"), "x/y");
  }
}

TEST(HttpClient, credentials_do_not_come_back_after_a_detour) {
  Recorder first, second;
  const std::string there = second.start();
  std::string here;
  first.answer = [&](const HttpRequest& request) {
    return request.path == "/start" ? redirect_to(there + "/x") : HttpResponse{.body = "done"};
  };
  second.answer = [&](const HttpRequest&) { return redirect_to(here + "/chosen-by-the-other"); };
  here = first.start();
  HttpClient client(quick());
  ASSERT_TRUE(
      client.fetch({.url = here + "/start", .credentials = {{"Authorization", "Bearer secret"}}}, kBytesMax).is_ok());
  EXPECT_EQ(first.at(0).header("authorization"), "Bearer secret");
  EXPECT_EQ(first.at(1).header("authorization"), "");
}

TEST(HttpClient, user_of_an_address_becomes_basic_credentials_of_that_host) {
  Recorder first, second;
  const std::string there = second.start();
  first.answer = [&](const HttpRequest&) { return redirect_to(there + "/x"); };
  const std::string here = first.start();
  HttpClient client(quick());
  const std::string url = "http://Aladdin:open%20sesame@" + here.substr(7) + "/x";
  ASSERT_TRUE(client.fetch({.url = url}, kBytesMax).is_ok());
  EXPECT_EQ(first.at(0).header("authorization"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");  // RFC 7617, section 2
  EXPECT_EQ(second.at(0).header("authorization"), "");
}

TEST(HttpClient, redirects_are_followed_as_asked) {
  Recorder first, second;
  const std::string there = second.start();
  first.answer = [&](const HttpRequest& request) {
    return request.path == "/rel"    ? redirect_to("elsewhere", 307)
           : request.path == "/loop" ? redirect_to("/loop")
                                     : redirect_to(there + "/x");
  };
  const std::string here = first.start();
  HttpClient client(quick());
  EXPECT_EQ(client.fetch({.url = here + "/rel", .redirects = Redirects::kReturn}, kBytesMax)->head.status, 307);
  const auto same = client.fetch({.url = here + "/rel", .redirects = Redirects::kFollowSameOrigin}, kBytesMax);
  EXPECT_EQ(same->head.status, 302);
  EXPECT_EQ(same->head.header("location"), there + "/x");
  EXPECT_EQ(second.count(), 0u);
  EXPECT_EQ(client.fetch({.method = "POST", .url = here + "/x"}, kBytesMax)->head.status, 302);
  const auto endless = client.fetch({.url = here + "/loop"}, kBytesMax);
  ASSERT_FALSE(endless.is_ok());
  EXPECT_EQ(endless.error().code, ErrorCode::kResourceExhausted);
  for (const char* bad : {"file:///etc/passwd", "gopher://h/", "http://h:99999/"}) {
    first.answer = [&](const HttpRequest&) { return redirect_to(bad); };
    EXPECT_EQ(client.fetch({.url = here + "/x"}, kBytesMax).error().code, ErrorCode::kInvalidArgument) << bad;
  }
}

TEST(HttpClient, transient_answers_are_asked_again) {
  for (const int status : {408, 429, 500, 502, 503, 504}) {
    Recorder recorder;
    int left = 2;
    recorder.answer = [&](const HttpRequest&) {
      if (left-- > 0) return HttpResponse{.status = status, .headers = {{"Retry-After", "7"}}};
      return HttpResponse{.body = "at last"};
    };
    const std::string base = recorder.start();
    std::vector<Nanoseconds> waits;
    HttpClient client(quick(&waits));
    const auto response = client.fetch({.url = base + "/x"}, kBytesMax);
    ASSERT_TRUE(response.is_ok()) << response.error().message;
    EXPECT_EQ(response->body, "at last");
    EXPECT_EQ(waits, std::vector<Nanoseconds>(2, std::chrono::seconds(7)));
  }
}

TEST(HttpClient, attempts_end_and_other_refusals_are_not_repeated) {
  Recorder recorder;
  int status = 503;
  recorder.answer = [&](const HttpRequest&) { return HttpResponse{.status = status}; };
  const std::string base = recorder.start();
  HttpClient client(quick());
  const auto response = client.fetch({.url = base + "/x?secret"}, kBytesMax);
  ASSERT_FALSE(response.is_ok());
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(response.error().message, "GET " + base + "/x: 503 Service Unavailable (after 5 attempts)");
  EXPECT_EQ(recorder.count(), 5u);
  status = 401;
  EXPECT_EQ(client.fetch({.url = base + "/x"}, kBytesMax)->head.status, 401);
  EXPECT_EQ(recorder.count(), 6u);
  status = 500;
  EXPECT_FALSE(client.fetch({.method = "POST", .url = base + "/x"}, kBytesMax).is_ok());
  EXPECT_EQ(recorder.count(), 7u);
}

TEST(HttpClient, a_cut_answer_is_asked_again) {
  TestServer server;
  std::atomic<int> asked{0};
  server.route("GET", "/cut", [&](const HttpRequest&, std::shared_ptr<ResponseWriter> writer) {
    writer->begin_stream({});
    writer->write("half");
    if (asked++ == 0) {
      writer->abort();
    } else {
      writer->end();
    }
  });
  const std::string base = "http://127.0.0.1:" + std::to_string(server.start());
  HttpClient client(quick());
  const auto response = client.fetch({.url = base + "/cut"}, kBytesMax);
  ASSERT_TRUE(response.is_ok()) << response.error().message;
  EXPECT_EQ(response->body, "half");
  EXPECT_EQ(asked.load(), 2);
}

TEST(HttpClient, an_error_of_the_sink_ends_the_exchange_and_comes_back) {
  Recorder recorder;
  recorder.answer = [](const HttpRequest&) { return HttpResponse{.body = std::string(100'000, 'x')}; };
  const std::string base = recorder.start();
  HttpClient client(quick());
  Collector sink;
  sink.bytes_max = 10;
  EXPECT_EQ(client.send({.url = base + "/x"}, sink).error().message, "sink is full");
  // And the client works on.
  EXPECT_TRUE(client.fetch({.url = base + "/x"}, kBytesMax).is_ok());
}

TEST(HttpClient, nobody_listening_is_unavailable) {
  std::uint16_t port = 0;
  {
    Recorder recorder;
    recorder.start();
    port = recorder.server.server->port();
  }
  HttpClient client(quick());
  const auto response = client.fetch({.url = "http://127.0.0.1:" + std::to_string(port) + "/x"}, kBytesMax);
  ASSERT_FALSE(response.is_ok());
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
}

TEST(HttpClient, silence_ends_the_exchange) {
  std::shared_ptr<ResponseWriter> held;  // by a thread of the server, which ends first
  TestServer server;
  server.route("GET", "/silent", [&](const HttpRequest&, std::shared_ptr<ResponseWriter> writer) { held = writer; });
  const std::string base = "http://127.0.0.1:" + std::to_string(server.start());
  HttpClientOptions options = quick();
  options.stall_timeout_ms = 50;
  options.retry.attempts_max = 1;
  HttpClient client(options);
  const auto response = client.fetch({.url = base + "/silent"}, kBytesMax);
  ASSERT_FALSE(response.is_ok());
  EXPECT_EQ(response.error().code, ErrorCode::kDeadlineExceeded);
}

TEST(HttpClient, cancelling_ends_a_silent_exchange_without_another_attempt) {
  std::shared_ptr<ResponseWriter> held;  // by a thread of the server, which ends first
  TestServer server;
  std::atomic<bool> is_asked{false};
  server.route("GET", "/silent", [&](const HttpRequest&, std::shared_ptr<ResponseWriter> writer) {
    held = writer;
    is_asked = true;
  });
  const std::string base = "http://127.0.0.1:" + std::to_string(server.start());
  HttpClientOptions options = quick();
  options.is_cancelled = [&] { return is_asked.load(); };
  HttpClient client(options);
  const auto response = client.fetch({.url = base + "/silent"}, kBytesMax);
  ASSERT_FALSE(response.is_ok());
  EXPECT_EQ(response.error().message, "GET " + base + "/silent: stopped");
}

TEST(HttpClient, a_line_break_in_a_header_is_refused_and_not_shown) {
  HttpClient client(quick());
  const auto response =
      client.fetch({.url = "http://127.0.0.1:1/", .credentials = {{"Authorization", "secret\r\nX: y"}}}, kBytesMax);
  ASSERT_FALSE(response.is_ok());
  EXPECT_EQ(response.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(response.error().message.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace sixfold::net
