// An HTTP/1.1 server: Asio and Beast stop behind this header.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/limits.h"
#include "core/result.h"
#include "net/router.h"

namespace sixfold::net {

struct HttpServerOptions {
  std::string host = "127.0.0.1";  // an address, or "localhost", "0.0.0.0", "::"
  std::uint16_t port = 8080;       // 0: any free port
  std::size_t threads = 1;
  std::size_t header_bytes_max = limits::kHttpHeaderBytesMax;  // above: 431
  std::size_t body_bytes_max = limits::kHttpBodyBytesMax;      // above: 413, before reading it
  std::size_t connections_max = limits::kHttpConnectionsMax;   // above: 503 with Retry-After, then closed
  int header_timeout_ms = limits::kHttpHeaderTimeoutMs;        // slow heads: 408
  int body_timeout_ms = limits::kHttpBodyTimeoutMs;            // slow bodies: 408
  int idle_timeout_ms = limits::kHttpIdleTimeoutMs;            // between requests: closed
  int write_timeout_ms = limits::kHttpWriteTimeoutMs;          // a client that does not read: cut
  std::string server_name = "sixfold";                         // Server: header
  // Makes the body of errors that the server itself answers (404, 405, 408, 411, 413, 431, 400, 500, 503); path may be
  // empty.
  std::function<HttpResponse(int status, std::string_view message, std::string_view path)> error_response;
  // Called once per finished request, on its net thread.
  struct Finished {
    std::string_view method;
    std::string_view route;  // the pattern, or "" when none matched: safe as a metric label
    int status = 0;
    double seconds = 0;
    std::uint64_t response_bytes = 0;
    bool is_client_gone = false;
    std::string_view request_id;
    std::string_view remote_address;
  };
  std::function<void(const Finished&)> on_finished;
  // Runs before routing (keys, limits, request id checks will live here); answer through the writer and return false to
  // stop.
  std::function<bool(const HttpRequest&, const std::shared_ptr<ResponseWriter>&)> before;
};

// start() binds and returns; requests are served on its own threads until stop.
class HttpServer {
 public:
  // Errors: unavailable when the address is in use ("127.0.0.1:8080 is in use by another program; choose another with
  // --port"), permission_denied (ports below 1024), invalid_argument (not an address).
  static Result<std::unique_ptr<HttpServer>> start(HttpServerOptions options, Router router);

  virtual ~HttpServer() = default;  // stops at once
  virtual std::uint16_t port() const = 0;
  virtual std::size_t connections() const = 0;
  virtual std::size_t requests_running() const = 0;

  // Stops accepting, closes idle connections, lets running requests finish (with Connection: close) for at most
  // drain_ms, then cuts the rest.  Returns true when nothing had to be cut.  Not from a net thread.
  virtual bool stop(int drain_ms) = 0;
};

}  // namespace sixfold::net
