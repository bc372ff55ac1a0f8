// Streams: order, back-pressure, clients that leave, writers that are dropped.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "net/sse.h"
#include "test_server.h"

namespace sixfold::net {
namespace {

HttpResponse event_stream() {
  HttpResponse head;
  head.content_type = "text/event-stream";
  return head;
}

// Hands the writer of GET /stream to the test.
struct StreamServer : TestServer {
  std::shared_ptr<ResponseWriter> writer;
  Event arrived;

  StreamServer() {
    route_echo();
    route("GET", "/stream", [this](const HttpRequest&, std::shared_ptr<ResponseWriter> given) {
      writer = std::move(given);
      arrived.set();
    });
  }
};

TEST(HttpStream, keeps_the_order_of_a_writer_called_by_several_threads) {
  StreamServer test;
  RawClient client(test.start());
  client.send(get("/stream"));
  ASSERT_TRUE(test.arrived.wait());
  test.writer->begin_stream(event_stream());
  std::mutex mutex;
  std::string want;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int event = 0; event < 100; ++event) {
        const std::lock_guard lock(mutex);
        const std::string bytes = std::to_string(thread) + ":" + std::to_string(event) + "\n";
        EXPECT_TRUE(test.writer->write(bytes));
        want += bytes;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  test.writer->end();
  const Answer answer = client.read_answer();
  EXPECT_TRUE(answer.is_whole);
  EXPECT_EQ(answer.body, want);
  EXPECT_FALSE(test.writer->write("late"));
  test.writer.reset();
  EXPECT_EQ(test.finished_at(0).status, 200);
}

TEST(HttpStream, the_head_and_each_event_arrive_before_the_next_is_written) {
  StreamServer test;
  RawClient client(test.start());
  client.send(get("/stream"));
  ASSERT_TRUE(test.arrived.wait());
  test.writer->begin_stream(event_stream());
  ASSERT_TRUE(client.receive_until("\r\n\r\n"));
  for (int event = 0; event < 3; ++event) {
    const std::string bytes = sse_event(std::to_string(event));
    ASSERT_TRUE(test.writer->write(bytes));
    ASSERT_TRUE(client.receive_until(bytes));
  }
  test.writer->end();
  EXPECT_TRUE(client.read_answer().is_whole);
}

TEST(HttpStream, http_1_0_clients_get_it_until_the_connection_closes) {
  StreamServer test;
  RawClient client(test.start());
  client.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  ASSERT_TRUE(test.arrived.wait());
  test.writer->begin_stream(event_stream());
  test.writer->write("abc");
  test.writer->write("def");
  test.writer->end();
  const Answer answer = client.read_answer();
  EXPECT_FALSE(answer.is_chunked);
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_EQ(answer.body, "abcdef");
}

TEST(HttpStream, an_aborted_stream_is_seen_to_be_cut) {
  StreamServer test;
  RawClient client(test.start());
  client.send(get("/stream"));
  ASSERT_TRUE(test.arrived.wait());
  test.writer->begin_stream(event_stream());
  test.writer->write("some");
  test.writer->abort();
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.body, "some");
  EXPECT_FALSE(answer.is_whole);
}

TEST(HttpStream, a_writer_dropped_in_mid_stream_cuts_it) {
  StreamServer test;
  RawClient client(test.start());
  client.send(get("/stream"));
  ASSERT_TRUE(test.arrived.wait());
  test.writer->begin_stream(event_stream());
  test.writer->write("some");
  test.writer.reset();
  EXPECT_FALSE(client.read_answer().is_whole);
}

TEST(HttpStream, a_client_that_leaves_in_mid_stream_is_gone) {
  for (const bool with_reset : {false, true}) {
    StreamServer test;
    RawClient client(test.start());
    client.send(get("/stream"));
    ASSERT_TRUE(test.arrived.wait());
    Event gone;
    test.writer->on_gone([&] { gone.set(); });
    test.writer->begin_stream(event_stream());
    ASSERT_TRUE(client.receive_until("\r\n\r\n"));
    EXPECT_FALSE(test.writer->is_gone());
    if (with_reset) {
      client.close_with_reset();
    } else {
      client.close();
    }
    ASSERT_TRUE(gone.wait());
    EXPECT_TRUE(test.writer->is_gone());
    EXPECT_FALSE(test.writer->write("more"));
    test.writer->end();
    const FinishedRecord record = test.finished_at(0);
    EXPECT_TRUE(record.is_client_gone);
    EXPECT_EQ(record.route, "/stream");
    test.writer.reset();
    EXPECT_EQ(gone.count(), 1);
  }
}

TEST(HttpStream, a_client_that_leaves_before_the_answer_is_gone) {
  StreamServer test;
  RawClient client(test.start());
  Event gone;
  test.route("GET", "/think", [](const HttpRequest&, std::shared_ptr<ResponseWriter>) {});
  client.send(get("/stream"));
  ASSERT_TRUE(test.arrived.wait());
  test.writer->on_gone([&] { gone.set(); });
  client.close();
  ASSERT_TRUE(gone.wait());
  EXPECT_TRUE(test.writer->is_gone());
  Event late;
  test.writer->on_gone([&] { late.set(); });
  EXPECT_TRUE(late.wait()) << "a callback that comes late is called too";
  test.writer->begin_stream(event_stream());
  EXPECT_FALSE(test.writer->write("x"));
  EXPECT_TRUE(test.finished_at(0).is_client_gone);
}

TEST(HttpStream, a_client_that_only_stops_sending_gets_its_answer) {
  StreamServer test;
  RawClient client(test.start());
  client.send(get("/stream"));
  client.finish_sending();
  ASSERT_TRUE(test.arrived.wait());
  HttpResponse response;
  response.body = "{}";
  test.writer->send(std::move(response));
  EXPECT_EQ(client.read_answer().body, "{}");
}

TEST(HttpStream, a_slow_reader_fills_the_buffer_and_draining_is_told) {
  StreamServer test;
  RawClient client(test.start(), "127.0.0.1", 64 << 10);
  client.send(get("/stream"));
  ASSERT_TRUE(test.arrived.wait());
  Event drained;
  test.writer->on_drained([&] { drained.set(); });
  test.writer->begin_stream(event_stream());
  std::size_t written = 0;
  const std::string block(32u << 10, 'x');
  while (test.writer->buffered_bytes() <= kStreamHighWater) {
    ASSERT_TRUE(test.writer->write(block));
    written += block.size();
    ASSERT_LT(written, 256u << 20);
  }
  std::size_t read = 0;
  std::thread reader([&] { read = client.read_answer().body.size(); });
  EXPECT_TRUE(drained.wait());
  test.writer->end();
  reader.join();
  EXPECT_EQ(read, written);
}

TEST(HttpStream, a_producer_that_ignores_the_buffer_is_cut) {
  StreamServer test;
  RawClient client(test.start(), "127.0.0.1", 64 << 10);
  client.send(get("/stream"));
  ASSERT_TRUE(test.arrived.wait());
  test.writer->begin_stream(event_stream());
  const std::string block(1u << 20, 'x');
  int blocks = 0;
  while (test.writer->write(block)) {
    ++blocks;
    ASSERT_LT(blocks, 100);
  }
  EXPECT_LE(test.writer->buffered_bytes(), kStreamBytesMax + block.size());
  EXPECT_FALSE(client.read_answer().is_whole);
}

TEST(HttpStream, a_client_that_never_reads_is_cut_after_the_write_timeout) {
  StreamServer test;
  test.options.write_timeout_ms = 50;
  RawClient client(test.start(), "127.0.0.1", 64 << 10);
  client.send(get("/stream"));
  ASSERT_TRUE(test.arrived.wait());
  Event gone;
  test.writer->on_gone([&] { gone.set(); });
  test.writer->begin_stream(event_stream());
  const std::string block(8u << 20, 'x');
  ASSERT_TRUE(test.writer->write(block));
  ASSERT_TRUE(gone.wait());
  EXPECT_FALSE(test.writer->write(block));
  EXPECT_TRUE(test.finished_at(0).is_client_gone);
}

TEST(HttpStream, tasks_run_one_at_a_time_and_never_inside_the_call) {
  StreamServer test;
  RawClient client(test.start());
  client.send(get("/stream"));
  ASSERT_TRUE(test.arrived.wait());
  std::atomic<int> running{0};
  Event done;
  for (int task = 0; task < 100; ++task) {
    const auto body = [&] {
      EXPECT_EQ(++running, 1);
      --running;
      done.set();
    };
    if (task % 2 == 0) {
      test.writer->post(body);
    } else {
      test.writer->post_after(1, body);
    }
  }
  EXPECT_TRUE(done.wait(100));
  bool was_inside = false;
  std::atomic<bool> is_calling{false};
  test.writer->post([&, writer = test.writer] {
    is_calling = true;
    writer->post([&] {
      was_inside = is_calling;
      done.set();
    });
    is_calling = false;
  });
  EXPECT_TRUE(done.wait(101));
  EXPECT_FALSE(was_inside);
}

TEST(HttpStream, delayed_tasks_are_dropped_when_the_answer_ends) {
  StreamServer test;
  RawClient client(test.start());
  client.send(get("/stream"));
  ASSERT_TRUE(test.arrived.wait());
  auto token = std::make_shared<int>();
  const std::weak_ptr<int> watch = token;
  std::atomic<bool> has_run{false};
  test.writer->post_after(3'600'000, [&, token = std::move(token), writer = test.writer] { has_run = true; });
  test.writer->send({});
  EXPECT_EQ(client.read_answer().status, 200);
  test.writer.reset();
  test.server->stop(1000);
  EXPECT_TRUE(watch.expired());
  EXPECT_FALSE(has_run);
}

TEST(HttpStream, many_streams_at_once_share_one_thread) {
  constexpr std::size_t kStreams = 200;
  TestServer test;
  test.options.threads = 1;
  std::mutex mutex;
  std::vector<std::shared_ptr<ResponseWriter>> writers;
  Event arrived;
  test.route("GET", "/stream", [&](const HttpRequest&, std::shared_ptr<ResponseWriter> writer) {
    writer->begin_stream(event_stream());
    {
      const std::lock_guard lock(mutex);
      writers.push_back(std::move(writer));
    }
    arrived.set();
  });
  const std::uint16_t port = test.start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (std::size_t stream = 0; stream < kStreams; ++stream) {
    clients.push_back(std::make_unique<RawClient>(port));
    clients.back()->send(get("/stream"));
  }
  ASSERT_TRUE(arrived.wait(kStreams));
  EXPECT_EQ(test.server->connections(), kStreams);
  EXPECT_EQ(test.server->requests_running(), kStreams);
  for (int round = 0; round < 10; ++round) {
    for (const auto& writer : writers) EXPECT_TRUE(writer->write(sse_event(std::to_string(round))));
  }
  for (const auto& writer : writers) writer->end();
  writers.clear();
  for (const auto& client : clients) {
    const Answer answer = client->read_answer();
    EXPECT_TRUE(answer.is_whole);
    EXPECT_EQ(answer.body.size(), 90u);
  }
}

}  // namespace
}  // namespace sixfold::net
