// A ResponseWriter that records what it is given and runs tasks only when the test says so.
#pragma once
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/http.h"

namespace sixfold::service {

// One thread.  Strict: an answer begun twice, or bytes outside a stream, fail the test.
class FakeWriter final : public net::ResponseWriter {
 public:
  void send(net::HttpResponse response) override {
    EXPECT_FALSE(answer.has_value()) << "answered twice";
    EXPECT_FALSE(head.has_value()) << "answered inside a stream";
    answer = std::move(response);
  }
  void begin_stream(net::HttpResponse stream_head) override {
    EXPECT_FALSE(answer.has_value()) << "a stream after an answer";
    EXPECT_FALSE(head.has_value()) << "begun twice";
    head = std::move(stream_head);
  }
  bool write(std::string bytes) override {
    EXPECT_TRUE(head.has_value()) << "bytes before the head";
    EXPECT_FALSE(is_ended) << "bytes after the end";
    if (gone) return false;
    stream += bytes;
    ++writes;
    if (is_stuck) buffered += bytes.size();
    return true;
  }
  void end() override {
    EXPECT_TRUE(head.has_value());
    EXPECT_FALSE(is_ended) << "ended twice";
    is_ended = true;
  }
  void abort() override { is_aborted = true; }
  std::size_t buffered_bytes() const override { return buffered; }
  bool is_gone() const override { return gone; }
  void post(std::function<void()> task) override { tasks.push_back(std::move(task)); }
  void post_after(int delay_ms, std::function<void()> task) override {
    delayed.emplace_back(delay_ms, std::move(task));
  }
  void on_gone(std::function<void()> callback) override { gone_callback = std::move(callback); }
  void on_drained(std::function<void()> callback) override { drained_callback = std::move(callback); }

  // The net thread's part.
  void run_tasks() {
    while (!tasks.empty()) {
      const auto task = std::move(tasks.front());
      tasks.pop_front();
      task();
    }
  }
  // Runs the one delayed task; returns its delay.
  int run_delayed() {
    EXPECT_EQ(delayed.size(), 1u);
    const auto [delay_ms, task] = std::move(delayed.front());
    delayed.erase(delayed.begin());
    task();
    return delay_ms;
  }
  void leave() {
    gone = true;
    if (gone_callback) gone_callback();
  }
  void drain() {
    buffered = 0;
    if (drained_callback) drained_callback();
  }

  std::optional<net::HttpResponse> answer;
  std::optional<net::HttpResponse> head;
  std::string stream;
  int writes = 0;
  bool is_ended = false;
  bool is_aborted = false;
  bool gone = false;
  bool is_stuck = false;  // the socket takes nothing
  std::size_t buffered = 0;
  std::deque<std::function<void()>> tasks;
  std::vector<std::pair<int, std::function<void()>>> delayed;
  std::function<void()> gone_callback;
  std::function<void()> drained_callback;
};

}  // namespace sixfold::service
