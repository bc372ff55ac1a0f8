// A server on a free port with a few routes, and an event to wait for what happens on its threads.
#pragma once
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "net/http_server.h"
#include "raw_client.h"

namespace sixfold::net {

// Set once by one thread, awaited by another.
class Event {
 public:
  void set() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  // False after 20 s without the event: then something is broken.
  bool wait(int count = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return count_ >= count; });
  }
  int count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

struct FinishedRecord {
  std::string method, route, request_id, remote_address;
  int status = 0;
  std::uint64_t response_bytes = 0;
  bool is_client_gone = false;
};

struct TestServer {
  HttpServerOptions options;
  Router router;
  std::unique_ptr<HttpServer> server;

  std::mutex mutex;
  std::vector<FinishedRecord> finished;
  Event finished_event;

  TestServer() {
    options.port = 0;
    options.threads = 2;
    options.on_finished = [this](const HttpServerOptions::Finished& record) {
      {
        const std::lock_guard lock(mutex);
        finished.push_back({std::string(record.method), std::string(record.route), std::string(record.request_id),
                            std::string(record.remote_address), record.status, record.response_bytes,
                            record.is_client_gone});
      }
      finished_event.set();
    };
  }
  ~TestServer() { server.reset(); }  // before the members that its threads use

  void route(std::string method, std::string pattern, Handler handler) {
    router.add({std::move(method), std::move(pattern), std::move(handler)});
  }
  // Answers with the parts of the request that a test wants to see.
  void route_echo() {
    route("POST", "/echo", [](const HttpRequest& request, std::shared_ptr<ResponseWriter> writer) {
      HttpResponse response;
      response.content_type = "text/plain";
      response.body = request.body;
      writer->send(std::move(response));
    });
    route("GET", "/hello", [](const HttpRequest&, std::shared_ptr<ResponseWriter> writer) {
      HttpResponse response;
      response.content_type = "text/plain";
      response.body = "hello";
      writer->send(std::move(response));
    });
  }
  std::uint16_t start() {
    auto started = HttpServer::start(options, router);
    EXPECT_TRUE(started.is_ok()) << (started ? "" : started.error().message);
    if (!started) return 0;
    server = std::move(*started);
    return server->port();
  }
  FinishedRecord finished_at(std::size_t index) {
    EXPECT_TRUE(finished_event.wait(static_cast<int>(index) + 1));
    const std::lock_guard lock(mutex);
    return index < finished.size() ? finished[index] : FinishedRecord{};
  }
};

inline std::string get(const std::string& target, const std::string& more = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: test\r\n" + more + "\r\n";
}

inline std::string post(const std::string& target, const std::string& body, const std::string& more = "") {
  return "POST " + target + " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         more + "\r\n" + body;
}

}  // namespace sixfold::net
