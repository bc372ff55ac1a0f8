// The life of a connection: wait, read a request, hand it to its route, answer (answer.cc), again.
#include "net/connection.h"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

#include "core/log.h"
#include "net/ascii.h"
#include "net/response_head.h"

namespace sixfold::net {
namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t kReadBytes = 64u << 10;          // per read
constexpr std::size_t kPipelinedBytesMax = 64u << 10;  // read ahead while a request is being answered

TimePoint deadline_in(int timeout_ms) {
  return system_clock().now() + std::chrono::milliseconds(timeout_ms);
}

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, ServerState& server, Purpose purpose)
    : server_(server), purpose_(purpose), socket_(std::move(socket)), deadline_timer_(socket_.get_executor()) {
  error_code ignored;
  const auto remote = socket_.remote_endpoint(ignored);
  if (!ignored) remote_address_ = remote.address().to_string();
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

void Connection::start() {
  asio::co_spawn(
      socket_.get_executor(), [self = shared_from_this()] { return self->run(); }, asio::detached);
}

asio::awaitable<void> Connection::run() {
  const auto self = shared_from_this();
  try {
    if (purpose_ == Purpose::kRefuse) {
      Turn turn;
      turn.exchange = std::make_shared<Exchange>(self);
      turn.id = make_request_id();
      turn.is_closing = true;
      send_error(turn, 503, "too many connections", {{"Retry-After", "1"}});
      co_await answer(turn);
      co_await linger();
    } else {
      while (co_await serve_one()) {
      }
    }
  } catch (const std::exception& error) {
    SPDLOG_ERROR("connection from {}: {}", remote_address_, error.what());
  }
  leave();
}

void Connection::leave() {
  is_broken_ = true;
  error_code ignored;
  socket_.close(ignored);
  deadline_timer_.cancel();
  // Notified under the lock: once it is free, stop() may find no connection left and destroy the condition variable.
  const std::lock_guard lock(server_.mutex);
  server_.connections.erase(this);
  if (purpose_ == Purpose::kRefuse) --server_.refusals;
  server_.changed.notify_all();
}

// Serves one request.  False when the connection is over.
asio::awaitable<bool> Connection::serve_one() {
  phase_ = Phase::kIdle;
  if (!co_await wait_for_request()) co_return false;
  phase_ = Phase::kBusy;
  is_first_request_ = false;

  bool is_closing = false;
  {
    Turn turn;
    turn.started = system_clock().now();
    RequestParser parser({server_.options.header_bytes_max, server_.options.body_bytes_max});
    const bool is_in_time =
        co_await read_until_past(parser, RequestParser::State::kHead, deadline_in(server_.options.header_timeout_ms));
    if (is_in_time && parser.state() == RequestParser::State::kHead) co_return false;  // the client left

    turn.exchange = std::make_shared<Exchange>(shared_from_this());
    request_open_ = ++request_number_;
    ++server_.requests_running;
    is_body_suppressed_ = false;
    if (!is_in_time || parser.state() == RequestParser::State::kFailed) {
      turn.id = make_request_id();
      turn.is_closing = true;
      if (!is_in_time) {
        send_error(turn, 408, "the request head took too long");
      } else {
        send_error(turn, parser.error_status(), parser.error_message());
      }
    } else {
      RequestHead head = parser.take_head();
      co_await dispatch(parser, head, turn);
    }
    co_await answer(turn);
    is_closing = turn.is_closing || is_dead() || is_eof_;
    if (turn.is_closing && !is_dead() && !is_eof_) co_await linger();
  }
  // Bytes that are already here are a pipelined request, which a client that only closed its sending side still wants
  // answered.
  co_return !is_closing || (is_eof_ && !is_dead() && phase_ != Phase::kLingering && !input().empty());
}

// False when the client left, was idle for too long, or the server drains.
asio::awaitable<bool> Connection::wait_for_request() {
  const HttpServerOptions& options = server_.options;
  const TimePoint deadline = deadline_in(is_first_request_ ? options.header_timeout_ms : options.idle_timeout_ms);
  while (input().empty()) {
    if (is_dead() || is_eof_ || server_.is_draining) co_return false;
    watch_readable();
    if (!co_await event_before(deadline)) co_return false;
  }
  co_return !is_dead();
}

// Feeds the parser until it leaves `state`, or the client leaves.  False when the deadline passed.
asio::awaitable<bool> Connection::read_until_past(RequestParser& parser, RequestParser::State state,
                                                  TimePoint deadline) {
  for (;;) {
    for (;;) {
      const std::size_t taken = parser.feed(input());
      consume(taken);
      if (parser.state() != state) co_return true;
      if (taken == 0 || input().empty()) break;
    }
    if (is_dead() || is_eof_) co_return true;
    watch_readable();
    if (!co_await event_before(deadline)) co_return false;
  }
}

asio::awaitable<void> Connection::dispatch(RequestParser& parser, RequestHead& head, Turn& turn) {
  HttpRequest& request = head.request;
  const std::string_view asked_id = request.header("X-Request-Id");
  request.id = is_sane_request_id(asked_id) ? std::string(asked_id) : make_request_id();
  request.remote_address = remote_address_;
  turn.id = request.id;
  turn.method = request.method;
  turn.path = request.path;
  turn.is_http_1_1 = head.is_http_1_1;
  turn.is_closing = !head.is_keep_alive;
  is_body_suppressed_ = request.method == "HEAD";

  const std::shared_ptr<ResponseWriter> writer = std::make_shared<ExchangeWriter>(turn.exchange);
  if (server_.options.before) {
    bool is_let_through = false;
    try {
      is_let_through = server_.options.before(request, writer);
    } catch (const std::exception& error) {
      SPDLOG_ERROR("request {}: the check before routing threw: {}", turn.id, error.what());
      send_error(turn, 500, "internal error");
    }
    if (!is_let_through) {
      if (head.has_body) turn.is_closing = true;  // the body stays unread
      co_return;
    }
  }
  if (head.has_body) {
    if (!co_await read_body(parser, head, turn)) co_return;
    request.body = parser.take_body();
  }
  call_handler(request, writer, turn);
}

// False when there is no body to work with: an error was sent, or the client is gone.
asio::awaitable<bool> Connection::read_body(RequestParser& parser, const RequestHead& head, Turn& turn) {
  const TimePoint deadline = deadline_in(server_.options.body_timeout_ms);
  if (head.expects_continue && input().empty()) {
    if (!co_await write_all(turn, {"HTTP/1.1 100 Continue\r\n\r\n", "", "", ""}, false)) co_return false;
    turn.bytes = 0;
  }
  parser.feed({});  // goes on to the body
  if (!co_await read_until_past(parser, RequestParser::State::kBody, deadline)) {
    turn.is_closing = true;
    send_error(turn, 408, "the request body took too long");
    co_return false;
  }
  if (parser.state() == RequestParser::State::kDone) co_return true;
  turn.is_closing = true;
  if (parser.state() == RequestParser::State::kFailed) {
    send_error(turn, parser.error_status(), parser.error_message());
  } else {
    is_broken_ = true;  // the client left in the middle of the body: nobody to answer
  }
  co_return false;
}

void Connection::call_handler(HttpRequest& request, const std::shared_ptr<ResponseWriter>& writer, Turn& turn) {
  Router::Match match = server_.router.match(request.method, request.path);
  if (match.route == nullptr) {
    if (match.allow.empty()) {
      send_error(turn, 404, fmt::format("no such path: {}", request.path));
    } else {
      send_error(turn, 405, fmt::format("{} is not served on {}, but {} is", request.method, request.path, match.allow),
                 {{"Allow", match.allow}});
    }
    return;
  }
  turn.route = match.route->pattern;
  request.path_values = std::move(match.path_values);
  struct Handling {
    std::atomic<std::thread::id>& thread;
    ~Handling() { thread = std::thread::id(); }
  } const handling{handling_thread_};
  handling_thread_ = std::this_thread::get_id();
  try {
    match.route->handler(request, writer);
    return;
  } catch (const std::exception& error) {
    SPDLOG_ERROR("request {}: the handler of {} threw: {}", turn.id, turn.route, error.what());
  } catch (...) {
    SPDLOG_ERROR("request {}: the handler of {} threw", turn.id, turn.route);
  }
  turn.exchange->abandon();
}

HttpResponse Connection::make_error(const Turn& turn, int status, std::string_view message) const {
  HttpResponse response;
  try {
    response = server_.options.error_response(status, message, turn.path);
  } catch (const std::exception& error) {
    SPDLOG_ERROR("request {}: making an error body threw: {}", turn.id, error.what());
    response = HttpResponse{};
  }
  response.status = status;
  return response;
}

void Connection::send_error(Turn& turn, int status, std::string_view message, std::vector<Header> headers) {
  HttpResponse response = make_error(turn, status, message);
  for (Header& header : headers) response.headers.push_back(std::move(header));
  turn.exchange->send(std::move(response));
}

// Waits until something happened since the last call.
asio::awaitable<bool> Connection::event_before(TimePoint deadline) {
  if (deadline != TimePoint::max() && system_clock().now() >= deadline) co_return false;
  if (!is_signalled_) {
    deadline_ = deadline;
    if (deadline < armed_until_) arm_timer();
    co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(
        [this](auto handler) { Waiter(std::move(handler)).swap(waiter_); }, asio::use_awaitable);
  }
  co_return std::exchange(is_signalled_, false);
}

// Lets everything run that is ready.  Answers that were given at once are written after all requests that have come
// have been worked on: the first of them wakes the client, at the price of many sends, and the others then find it
// awake.
asio::awaitable<void> Connection::let_others_go_first() {
  co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(
      [this](auto handler) { asio::post(socket_.get_executor(), std::move(handler)); }, asio::use_awaitable);
}

void Connection::notify() {
  is_signalled_ = true;
  resume();
}

void Connection::resume() {
  if (!waiter_) return;
  Waiter waiter;
  waiter.swap(waiter_);  // Asio 1.26 cannot assign one to another: its operator calls itself without end
  std::move(waiter)();
}

void Connection::arm_timer() {
  armed_until_ = deadline_;
  deadline_timer_.expires_at(deadline_);
  deadline_timer_.async_wait([self = shared_from_this()](error_code error) {
    if (error || self->is_broken_) return;  // armed again for an earlier time, or over
    self->armed_until_ = TimePoint::max();
    if (!self->waiter_ || self->deadline_ == TimePoint::max()) return;
    if (system_clock().now() >= self->deadline_) return self->resume();
    self->arm_timer();
  });
}

void Connection::watch_readable() {
  if (is_watching_read_ || is_eof_ || is_broken_) return;
  is_watching_read_ = true;
  socket_.async_read_some(asio::buffer(first_bytes_), [self = shared_from_this()](error_code error, std::size_t count) {
    self->is_watching_read_ = false;
    self->take_input(error, {self->first_bytes_.data(), count});
    if (count == self->first_bytes_.size()) self->read_on();
    self->notify();
  });
}

void Connection::watch_writable() {
  if (is_watching_write_ || is_broken_) return;
  is_watching_write_ = true;
  socket_.async_wait(asio::socket_base::wait_write, [self = shared_from_this()](error_code) {
    self->is_watching_write_ = false;
    self->notify();
  });
}

void Connection::take_input(error_code error, std::string_view bytes) {
  if (error == asio::error::eof) {
    is_eof_ = true;
  } else if (error) {
    is_broken_ = true;
  } else if (phase_ != Phase::kLingering) {
    input_ += bytes;
  }
}

// Takes what lies beyond the first bytes of a read.
void Connection::read_on() {
  // One large buffer per net thread, not per connection: a thousand idle streams must not cost a thousand of them.
  thread_local std::array<char, kReadBytes> buffer;
  error_code error;
  const std::size_t count = socket_.read_some(asio::buffer(buffer), error);
  if (error == asio::error::would_block || error == asio::error::try_again || error == asio::error::interrupted) return;
  take_input(error, {buffer.data(), count});
}

bool Connection::can_read_ahead() const {
  return input().size() < kPipelinedBytesMax;
}

void Connection::consume(std::size_t bytes) {
  input_at_ += bytes;
  if (input_at_ < input_.size()) return;
  input_at_ = 0;
  constexpr std::size_t kKeptCapacity = 1024;
  if (input_.capacity() > kKeptCapacity && phase_ != Phase::kBusy) {
    input_ = std::string();
  } else {
    input_.clear();
  }
}

void Connection::cut() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->phase_ == Phase::kBusy && !self->is_cut_) ++self->server_.requests_cut;
    self->is_cut_ = true;
    self->notify();
  });
}

void Connection::wake() {
  // From inside a handler: answer(), which follows it, looks at the exchange before it waits.
  if (handling_thread_.load(std::memory_order_relaxed) == std::this_thread::get_id()) return;
  asio::post(socket_.get_executor(), [self = shared_from_this()] { self->notify(); });
}

void Connection::run_soon(std::function<void()> task) {
  const std::uint64_t number = request_open_;
  asio::post(socket_.get_executor(), [self = shared_from_this(), number, work = std::move(task)] {
    if (number != 0 && self->request_open_ == number) run_guarded(work);
  });
}

void Connection::run_after(int delay_ms, std::function<void()> task) {
  run_soon([self = shared_from_this(), delay_ms, work = std::move(task)]() mutable {
    auto timer = std::make_shared<Timer>(self->socket_.get_executor(), std::chrono::milliseconds(delay_ms));
    Timer& started = *timer;
    self->delayed_.emplace(timer.get(), timer);
    started.async_wait([self, key = timer.get(), number = self->request_open_.load(),
                        delayed_work = std::move(work)](error_code error) {
      self->delayed_.erase(key);
      if (!error && self->request_open_ == number) run_guarded(delayed_work);
    });
  });
}

}  // namespace sixfold::net
