// One client connection.  Internal to net: of the whole program only connection.cc, answer.cc and http_server.cc
// include this, and with it Asio.
#pragma once
#include <array>
#include <atomic>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>

#include "core/clock.h"
#include "core/thread_annotations.h"
#include "net/exchange.h"
#include "net/http_server.h"
#include "net/request_parser.h"
#include "net/router.h"

namespace sixfold::net {

class Connection;

// What all connections of one server share.  Outlives them.
struct ServerState {
  // Constant after start.
  HttpServerOptions options;
  Router router;

  std::atomic<bool> is_draining{false};
  std::atomic<std::size_t> requests_running{0};
  std::atomic<std::size_t> requests_cut{0};

  std::mutex mutex;
  std::condition_variable changed;
  std::unordered_map<Connection*, std::weak_ptr<Connection>> connections SIXFOLD_GUARDED_BY(mutex);
  std::size_t refusals SIXFOLD_GUARDED_BY(mutex) = 0;  // of the connections, those that only get their 503
};

// Everything but the constructor, start(), drain(), cut() and NetStrand's methods runs on the connection's strand.
//
// There is one coroutine and one place where it waits: for an event (readable, writable, output to write, cut) until a
// deadline.  The socket is non-blocking and watched with a buffer that holds a short request, so that an idle stream
// owns no more than that, a client that leaves is seen whatever the coroutine waits for, and no operation ever has to
// be cancelled half-way.  Events resume the coroutine where they happen; the timer stays armed from one request to the
// next, because deadlines mostly move away from it.
class Connection final : public NetStrand, public std::enable_shared_from_this<Connection> {
 public:
  enum class Purpose { kServe, kRefuse };
  Connection(boost::asio::ip::tcp::socket socket, ServerState& server, Purpose purpose);

  void start();
  void drain() { wake(); }  // after is_draining was set: closes if idle
  void cut();               // closes at once

  void run_soon(std::function<void()> task) override;
  void run_after(int delay_ms, std::function<void()> task) override;
  void wake() override;

 private:
  using Timer = boost::asio::steady_timer;
  using Waiter = boost::asio::any_completion_handler<void()>;

  // One request and how its answer goes.
  struct Turn {
    std::shared_ptr<Exchange> exchange;
    TimePoint started;
    std::string id, method, path;
    std::string_view route;  // lives in the router
    bool is_http_1_1 = true;
    bool is_closing = false;  // after the answer
    int status = 0;           // 0: no head was sent
    std::uint64_t bytes = 0;  // given to the socket
  };
  enum class Phase { kIdle, kBusy, kLingering };

  boost::asio::awaitable<void> run();
  boost::asio::awaitable<bool> serve_one();
  boost::asio::awaitable<bool> wait_for_request();
  boost::asio::awaitable<bool> read_until_past(RequestParser& parser, RequestParser::State state, TimePoint deadline);
  boost::asio::awaitable<void> dispatch(RequestParser& parser, RequestHead& head, Turn& turn);
  boost::asio::awaitable<bool> read_body(RequestParser& parser, const RequestHead& head, Turn& turn);
  void call_handler(HttpRequest& request, const std::shared_ptr<ResponseWriter>& writer, Turn& turn);
  void send_error(Turn& turn, int status, std::string_view message, std::vector<Header> headers = {});

  HttpResponse make_error(const Turn& turn, int status, std::string_view message) const;

  // answer.cc
  boost::asio::awaitable<void> answer(Turn& turn);
  boost::asio::awaitable<bool> write_output(Turn& turn, Exchange::Output output);
  boost::asio::awaitable<bool> write_all(Turn& turn, std::array<std::string_view, 4> parts, bool is_stream);
  void send_error_after_abandon(Turn& turn, Exchange::Output& output);
  boost::asio::awaitable<void> linger();
  void cut_with_reset();
  void finish(Turn& turn, bool is_client_gone);

  boost::asio::awaitable<bool> event_before(TimePoint deadline);  // false: the deadline passed
  boost::asio::awaitable<void> let_others_go_first();
  void notify();
  void resume();
  void arm_timer();
  void watch_readable();
  void watch_writable();
  void take_input(boost::system::error_code error, std::string_view bytes);
  void read_on();
  void consume(std::size_t bytes);
  std::string_view input() const { return std::string_view(input_).substr(input_at_); }
  bool can_read_ahead() const;
  bool is_dead() const { return is_broken_ || is_cut_; }
  void leave();

  ServerState& server_;
  const Purpose purpose_;
  std::string remote_address_;

  // Owned by the strand.
  boost::asio::ip::tcp::socket socket_;
  Timer deadline_timer_;
  TimePoint armed_until_ = TimePoint::max();  // when the timer fires; max(): it is not armed
  TimePoint deadline_ = TimePoint::max();     // of the wait that waiter_ ends
  Waiter waiter_;                             // resumes the coroutine; empty while it runs
  bool is_signalled_ = false;
  std::array<char, 512> first_bytes_;  // where a read that is being waited for ends
  // While a handler runs: the thread of the strand, on which an answer given at once needs no waking.
  std::atomic<std::thread::id> handling_thread_{};
  bool is_watching_read_ = false;
  bool is_watching_write_ = false;
  bool is_eof_ = false;     // the client will send no more
  bool is_broken_ = false;  // the socket is of no use any more
  bool is_cut_ = false;
  bool is_first_request_ = true;
  bool is_body_suppressed_ = false;  // HEAD, 204, 304
  bool is_chunked_ = false;
  Phase phase_ = Phase::kIdle;
  std::string input_;
  std::size_t input_at_ = 0;
  std::unordered_map<Timer*, std::shared_ptr<Timer>> delayed_;  // of the current request
  std::uint64_t request_number_ = 0;
  std::atomic<std::uint64_t> request_open_{0};  // number of the request whose answer has not ended, or 0
};

}  // namespace sixfold::net
