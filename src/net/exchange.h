// One request's answer on its way from whoever produces it to the connection that writes it.  No sockets here.
#pragma once
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "core/thread_annotations.h"
#include "net/http.h"

namespace sixfold::net {

// Where a connection runs things, one at a time.  Every method may be called from any thread and returns before the
// task runs.
class NetStrand {
 public:
  virtual ~NetStrand() = default;
  virtual void run_soon(std::function<void()> task) = 0;
  // The task is dropped when the answer ends first.
  virtual void run_after(int delay_ms, std::function<void()> task) = 0;
  virtual void wake() = 0;  // the connection should look at its exchange
};

// Thread-safe.  Lets go of the strand at close(), so that a writer may outlive the connection and the server.
class Exchange {
 public:
  explicit Exchange(std::shared_ptr<NetStrand> strand) : strand_(std::move(strand)) {}

  // For producers; the contracts are those of ResponseWriter.
  void send(HttpResponse response);
  void begin_stream(HttpResponse head);
  bool write(std::string bytes);
  void end();
  void abort();
  std::size_t buffered_bytes() const { return buffered_bytes_.load(); }
  bool is_gone() const { return is_gone_.load(); }
  void post(std::function<void()> task);
  void post_after(int delay_ms, std::function<void()> task);
  void on_gone(std::function<void()> callback);
  void on_drained(std::function<void()> callback);
  // Nobody can answer any more: 500, or a cut stream.
  void abandon();

  // For the connection, on its strand.
  struct Output {
    std::unique_ptr<HttpResponse> head;  // null when already taken or not there yet; head->body is in payload
    bool is_stream = false;
    std::string payload;
    bool is_ended = false;    // nothing follows
    bool is_aborted = false;  // nothing follows, and the client must see it
    bool is_abandoned = false;
  };
  Output take();
  void taken_by_socket(std::size_t bytes);
  void mark_gone();  // calls on_gone's callback the first time
  void close();      // no callback or task after this

 private:
  enum class State { kOpen, kStreaming, kEnded, kAborted };
  void wake_locked() SIXFOLD_REQUIRES(mutex_);

  mutable std::mutex mutex_;
  std::shared_ptr<NetStrand> strand_ SIXFOLD_GUARDED_BY(mutex_);
  State state_ SIXFOLD_GUARDED_BY(mutex_) = State::kOpen;
  bool is_stream_ SIXFOLD_GUARDED_BY(mutex_) = false;
  bool is_abandoned_ SIXFOLD_GUARDED_BY(mutex_) = false;
  bool is_wake_pending_ SIXFOLD_GUARDED_BY(mutex_) = false;
  bool is_above_high_water_ SIXFOLD_GUARDED_BY(mutex_) = false;
  std::unique_ptr<HttpResponse> head_ SIXFOLD_GUARDED_BY(mutex_);
  std::string pending_ SIXFOLD_GUARDED_BY(mutex_);
  std::function<void()> gone_callback_ SIXFOLD_GUARDED_BY(mutex_);
  std::shared_ptr<std::function<void()>> drained_callback_ SIXFOLD_GUARDED_BY(mutex_);
  std::atomic<std::size_t> buffered_bytes_{0};
  std::atomic<bool> is_gone_{false};
};

// What handlers hold.  The last reference going away abandons the exchange.
class ExchangeWriter final : public ResponseWriter {
 public:
  explicit ExchangeWriter(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  ~ExchangeWriter() override { exchange_->abandon(); }
  ExchangeWriter(const ExchangeWriter&) = delete;
  ExchangeWriter& operator=(const ExchangeWriter&) = delete;

  void send(HttpResponse response) override { exchange_->send(std::move(response)); }
  void begin_stream(HttpResponse head) override { exchange_->begin_stream(std::move(head)); }
  bool write(std::string bytes) override { return exchange_->write(std::move(bytes)); }
  void end() override { exchange_->end(); }
  void abort() override { exchange_->abort(); }
  std::size_t buffered_bytes() const override { return exchange_->buffered_bytes(); }
  bool is_gone() const override { return exchange_->is_gone(); }
  void post(std::function<void()> task) override { exchange_->post(std::move(task)); }
  void post_after(int delay_ms, std::function<void()> task) override {
    exchange_->post_after(delay_ms, std::move(task));
  }
  void on_gone(std::function<void()> callback) override { exchange_->on_gone(std::move(callback)); }
  void on_drained(std::function<void()> callback) override { exchange_->on_drained(std::move(callback)); }

 private:
  const std::shared_ptr<Exchange> exchange_;
};

// Runs a task or callback that others wrote: an exception ends in the log, not in the event loop.
void run_guarded(const std::function<void()>& task);

}  // namespace sixfold::net
