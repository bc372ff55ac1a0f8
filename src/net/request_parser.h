// Turns bytes into one HTTP/1 request under limits.  No sockets: the connection, the tests and the fuzzer feed it.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "net/http.h"

namespace sixfold::net {

struct RequestLimits {
  std::size_t header_bytes_max = 0;
  std::size_t body_bytes_max = 0;
};

// What the head says about the connection and the body.
struct RequestHead {
  HttpRequest request;  // without id, body, path_values and remote_address
  bool is_http_1_1 = true;
  bool is_keep_alive = true;
  bool has_body = false;
  bool expects_continue = false;  // the client waits for "100 Continue" before it sends the body
};

// One request.  One thread.
class RequestParser {
 public:
  enum class State { kHead, kHeadDone, kBody, kDone, kFailed };

  explicit RequestParser(RequestLimits limits);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Takes bytes from the front of `bytes` and returns how many; what it did not take must come again, with more behind
  // it.  Stops at kHeadDone, so that the caller can look at the head; the next call goes on with the body.
  std::size_t feed(std::string_view bytes);
  State state() const { return state_; }

  // At kHeadDone, once.
  RequestHead take_head();
  // At kDone, once.
  std::string take_body();

  // At kFailed: 400, 413, 417, 431, 501 or 505, and one sentence for the client.
  int error_status() const { return error_status_; }
  const std::string& error_message() const { return error_message_; }

 private:
  struct Beast;
  void fail(int status, std::string message);
  void finish_head();

  RequestLimits limits_;
  std::unique_ptr<Beast> beast_;
  RequestHead head_;
  State state_ = State::kHead;
  std::size_t head_bytes_ = 0;  // taken so far
  int error_status_ = 0;
  std::string error_message_;
};

}  // namespace sixfold::net
