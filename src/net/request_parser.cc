// Reads requests with Beast's parser, and refuses what Beast lets through although it makes framing ambiguous.
#include "net/request_parser.h"

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <iterator>
#include <limits>
#include <utility>

#include "core/check.h"
#include "net/ascii.h"
#include "net/request_target.h"

namespace sixfold::net {
namespace http = boost::beast::http;

struct RequestParser::Beast {
  http::request_parser<http::string_body> parser;
};

RequestParser::RequestParser(RequestLimits limits) : limits_(limits), beast_(std::make_unique<Beast>()) {
  // Beast applies its limit to the request line and to the fields separately, and not at all to some that come at once:
  // feed() counts instead.
  beast_->parser.header_limit(std::numeric_limits<std::uint32_t>::max());
  beast_->parser.body_limit(limits.body_bytes_max);
  beast_->parser.eager(false);
}

RequestParser::~RequestParser() = default;

void RequestParser::fail(int status, std::string message) {
  state_ = State::kFailed;
  error_status_ = status;
  error_message_ = std::move(message);
}

std::size_t RequestParser::feed(std::string_view bytes) {
  if (state_ == State::kHeadDone) {
    state_ = head_.has_body ? State::kBody : State::kDone;
    beast_->parser.eager(true);
  }
  if (bytes.empty() || state_ == State::kDone || state_ == State::kFailed) return 0;
  const bool is_in_head = state_ == State::kHead;
  // An unfinished chunked body has at least "0\r\n\r\n" still to come.  Beast asserts that it sees five bytes of that
  // when it looks at the last chunk a second time, so it is never offered fewer.
  constexpr std::size_t kLastChunkBytes = 5;
  if (!is_in_head && beast_->parser.chunked() && bytes.size() < kLastChunkBytes) return 0;
  // One byte above the limit is enough to see that a head is too long.
  if (is_in_head) bytes = bytes.substr(0, limits_.header_bytes_max + 1 - head_bytes_);
  boost::system::error_code error;
  const std::size_t taken = beast_->parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (is_in_head) {
    const bool is_unfinished = error == http::error::need_more;
    if (head_bytes_ + (is_unfinished ? bytes.size() : taken) > limits_.header_bytes_max) {
      fail(431, fmt::format("the request head is longer than {} bytes", limits_.header_bytes_max));
      return taken;
    }
    head_bytes_ += taken;
  }
  if (error == http::error::need_more) {
    // In a body only the line before a chunk, or the trailer, waits for more: neither may grow without bound.
    if (!is_in_head && bytes.size() - taken > limits_.header_bytes_max) fail(400, "the chunk header is too long");
    return taken;
  }
  if (error == http::error::body_limit) {
    fail(413, fmt::format("the request body is longer than {} bytes", limits_.body_bytes_max));
  } else if (error == http::error::bad_version) {
    fail(505, "want HTTP/1.1 or HTTP/1.0");
  } else if (error) {
    fail(400, fmt::format("malformed request: {}", error.message()));
  } else if (is_in_head && beast_->parser.is_header_done()) {
    finish_head();
  } else if (beast_->parser.is_done()) {
    state_ = State::kDone;
  }
  return taken;
}

void RequestParser::finish_head() {
  const auto& message = beast_->parser.get();
  head_.is_http_1_1 = message.version() == 11;
  head_.is_keep_alive = message.keep_alive();
  HttpRequest& request = head_.request;
  request.method = std::string(message.method_string());
  request.headers.reserve(static_cast<std::size_t>(std::distance(message.begin(), message.end())));
  int host_count = 0;
  for (const auto& field : message) {
    const std::string_view name(field.name_string().data(), field.name_string().size());
    const std::string_view value(field.value().data(), field.value().size());
    request.headers.push_back({std::string(name), std::string(value)});
    if (equals_ignoring_case(name, "host")) ++host_count;
    if (equals_ignoring_case(name, "transfer-encoding")) {
      // Beast takes a body in an unknown coding for no body at all: the next request would begin inside it.
      if (!head_.is_http_1_1) return fail(400, "Transfer-Encoding needs HTTP/1.1");
      if (!equals_ignoring_case(value, "chunked")) return fail(501, "the only Transfer-Encoding served is chunked");
    }
    if (equals_ignoring_case(name, "expect")) {
      if (!equals_ignoring_case(value, "100-continue")) return fail(417, "the only Expect served is 100-continue");
      head_.expects_continue = head_.is_http_1_1;
    }
  }
  if (head_.is_http_1_1 && host_count != 1) return fail(400, "want exactly one Host header");

  const auto target_view = message.target();
  Result<RequestTarget> target = parse_request_target({target_view.data(), target_view.size()});
  if (!target) return fail(400, target.error().message);
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  head_.has_body = !beast_->parser.is_done();
  state_ = State::kHeadDone;
}

RequestHead RequestParser::take_head() {
  SIXFOLD_CHECK(state_ == State::kHeadDone);
  const bool has_body = head_.has_body;
  RequestHead head = std::move(head_);
  head_.has_body = has_body;
  return head;
}

std::string RequestParser::take_body() {
  SIXFOLD_CHECK(state_ == State::kDone);
  return std::move(beast_->parser.get().body());
}

}  // namespace sixfold::net
