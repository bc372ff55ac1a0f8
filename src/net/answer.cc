// How a connection writes the answer of one request and ends it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/awaitable.hpp>
#include <exception>
#include <utility>

#include "core/log.h"
#include "net/ascii.h"
#include "net/connection.h"
#include "net/response_head.h"

namespace sixfold::net {
namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr int kClientClosedRequest = 499;  // nginx's number for a client that left before it was answered
constexpr int kLingerMs = 2000;

bool asks_to_close(const HttpResponse& response) {
  return std::any_of(response.headers.begin(), response.headers.end(), [](const Header& header) {
    return equals_ignoring_case(header.name, "connection") && list_has_token(header.value, "close");
  });
}

}  // namespace

// Writes what the exchange brings until it ends.
asio::awaitable<void> Connection::answer(Turn& turn) {
  Exchange& exchange = *turn.exchange;
  bool is_client_gone = false;
  for (;;) {
    Exchange::Output output = exchange.take();
    if (output.is_abandoned) {
      send_error_after_abandon(turn, output);
    }
    // A client that closed its side may still read a whole answer; for a stream it counts as gone.
    is_client_gone = is_dead() || (is_eof_ && output.is_stream);
    if (is_client_gone) break;
    if (is_eof_ && !output.is_ended) exchange.mark_gone();

    const bool is_last = output.is_ended || output.is_aborted;
    const bool is_aborted = output.is_aborted;
    const bool has_bytes = output.head != nullptr || !output.payload.empty();
    if (output.head != nullptr && is_last) co_await let_others_go_first();
    if (!co_await write_output(turn, std::move(output))) {
      is_client_gone = true;
      break;
    }
    if (is_aborted) {
      turn.is_closing = true;
      // Without chunks only a reset tells a cut answer from a whole one.
      if (!is_chunked_) cut_with_reset();
      is_broken_ = true;
    }
    if (is_last) break;
    // The wait inside a write may have used up the event that announced more output: wait only after finding none.
    if (has_bytes) continue;
    if (can_read_ahead()) watch_readable();
    co_await event_before(TimePoint::max());
  }
  if (is_client_gone) {
    is_broken_ = true;
    exchange.mark_gone();
  }
  finish(turn, is_client_gone);
}

void Connection::send_error_after_abandon(Turn& turn, Exchange::Output& output) {
  SPDLOG_ERROR("request {}: {} {} was never answered", turn.id, turn.method, turn.path);
  output.head = std::make_unique<HttpResponse>(make_error(turn, 500, "internal error"));
  output.payload = std::exchange(output.head->body, {});
  output.is_ended = true;
  output.is_aborted = false;
}

// Writes one batch: the head when it is new, and the bytes, as one chunk when the answer is chunked.
asio::awaitable<bool> Connection::write_output(Turn& turn, Exchange::Output output) {
  std::string head;
  if (output.head != nullptr) {
    const HttpResponse& response = *output.head;
    turn.status = response.status;
    if (response.status == 204 || response.status == 304) is_body_suppressed_ = true;
    is_chunked_ = output.is_stream && turn.is_http_1_1 && !is_body_suppressed_;
    const bool is_ended_by_close = output.is_stream && !is_chunked_ && !is_body_suppressed_;
    if (is_ended_by_close || server_.is_draining || asks_to_close(response)) turn.is_closing = true;
    ResponseFraming framing;
    if (!output.is_stream) framing.content_length = output.payload.size();
    framing.is_chunked = is_chunked_;
    framing.is_closing = turn.is_closing;
    framing.is_http_1_0 = !turn.is_http_1_1;
    head = make_response_head(response, framing, server_.options.server_name, turn.id);
  }
  std::string chunk_head;
  std::string_view chunk_tail;
  const std::size_t payload_bytes = output.payload.size();
  if (is_body_suppressed_) output.payload.clear();
  if (is_chunked_) {
    if (!output.payload.empty()) chunk_head = fmt::format("{:x}\r\n", output.payload.size());
    if (!output.payload.empty()) chunk_tail = output.is_ended ? "\r\n0\r\n\r\n" : "\r\n";
    if (output.payload.empty() && output.is_ended) chunk_tail = "0\r\n\r\n";
  }
  if (!co_await write_all(turn, {head, chunk_head, output.payload, chunk_tail}, output.is_stream)) co_return false;
  if (is_body_suppressed_) turn.exchange->taken_by_socket(payload_bytes);
  co_return true;
}

// Writes `parts` one after the other, as few packets as the socket allows.  The third part is the payload, which the
// exchange counts.  False when the client is gone or takes nothing for the write timeout.
asio::awaitable<bool> Connection::write_all(Turn& turn, std::array<std::string_view, 4> parts, bool is_stream) {
  const auto timeout = std::chrono::milliseconds(server_.options.write_timeout_ms);
  TimePoint deadline = system_clock().now() + timeout;
  for (;;) {
    std::array<asio::const_buffer, 4> buffers;
    std::size_t left = 0;
    for (std::size_t part = 0; part < parts.size(); ++part) {
      buffers[part] = asio::const_buffer(parts[part].data(), parts[part].size());
      left += parts[part].size();
    }
    if (left == 0) co_return true;
    if (is_dead() || (is_eof_ && is_stream)) co_return false;
    error_code error;
    std::size_t written = socket_.write_some(buffers, error);
    if (error == asio::error::would_block || error == asio::error::try_again) {
      watch_writable();
      if (can_read_ahead()) watch_readable();
      if (co_await event_before(deadline)) continue;
      SPDLOG_INFO("request {}: the client took no bytes for {} ms; cut", turn.id, timeout.count());
      is_broken_ = true;
      co_return false;
    }
    if (error == asio::error::interrupted) continue;
    if (error) {
      is_broken_ = true;
      co_return false;
    }
    turn.bytes += written;
    deadline = system_clock().now() + timeout;
    std::size_t payload_written = 0;
    for (std::size_t part = 0; part < parts.size(); ++part) {
      const std::size_t from_part = std::min(written, parts[part].size());
      parts[part].remove_prefix(from_part);
      written -= from_part;
      if (part == 2) payload_written = from_part;
    }
    if (payload_written > 0) turn.exchange->taken_by_socket(payload_written);
  }
}

// Lets the client read the answer before the connection goes: closing a socket with unread input makes the kernel
// send a reset, which can overtake the answer.  Source: RFC 9112, section 9.6.
asio::awaitable<void> Connection::linger() {
  phase_ = Phase::kLingering;
  input_ = std::string();
  input_at_ = 0;
  error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
  const TimePoint deadline = system_clock().now() + std::chrono::milliseconds(kLingerMs);
  while (!is_dead() && !is_eof_) {
    watch_readable();
    if (!co_await event_before(deadline)) break;
  }
}

void Connection::cut_with_reset() {
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
}

void Connection::finish(Turn& turn, bool is_client_gone) {
  request_open_ = 0;
  turn.exchange->close();
  // The handlers erase themselves from the map when they run, so it is emptied first.
  for (auto& [key, timer] : std::exchange(delayed_, {})) timer->cancel();
  if (purpose_ == Purpose::kServe) --server_.requests_running;
  if (!server_.options.on_finished) return;
  HttpServerOptions::Finished finished;
  finished.method = turn.method;
  finished.route = turn.route;
  finished.status = turn.status != 0 ? turn.status : kClientClosedRequest;
  finished.seconds = seconds_between(turn.started, system_clock().now());
  finished.response_bytes = turn.bytes;
  finished.is_client_gone = is_client_gone;
  finished.request_id = turn.id;
  finished.remote_address = remote_address_;
  try {
    server_.options.on_finished(finished);
  } catch (const std::exception& error) {
    SPDLOG_ERROR("request {}: the record of a finished request threw: {}", turn.id, error.what());
  }
}

}  // namespace sixfold::net
