// HTTP as the rest of sixfold sees it: plain structs and one writer; no sockets, no Asio.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sixfold::net {

struct Header {
  std::string name;
  std::string value;
};

struct HttpRequest {
  std::string id;      // taken from X-Request-Id when sane, else made; echoed in every answer
  std::string method;  // "GET"
  std::string path;    // decoded, without query
  std::vector<std::pair<std::string, std::string>> query;        // decoded
  std::vector<std::pair<std::string, std::string>> path_values;  // {name} parts of the route that matched
  std::vector<Header> headers;
  std::string body;
  std::string remote_address;

  // Empty when absent.  Names compare without case.
  std::string_view header(std::string_view name) const;
  std::string_view path_value(std::string_view name) const;
  std::string_view query_value(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<Header> headers = {};
  std::string body = {};
};

// The answer to one request.  Every method may be called from any thread, in particular after the handler returned:
// whoever holds the writer answers.  When the last reference goes without an answer, the client gets 500.
class ResponseWriter {
 public:
  virtual ~ResponseWriter() = default;

  // The whole answer at once.  At most once, and not after begin_stream.
  virtual void send(HttpResponse response) = 0;

  // A streamed answer (chunked): head, then write()s, then end().  head.body is ignored.
  virtual void begin_stream(HttpResponse head) = 0;

  // Appends bytes to the stream.  False when the client is gone (stop producing).
  virtual bool write(std::string bytes) = 0;
  virtual void end() = 0;

  // Ends a stream without the terminating chunk, so that the client sees that it is cut.
  virtual void abort() = 0;

  // Bytes accepted by write() that the socket has not taken yet.  Producers pause above kStreamHighWater.
  virtual std::size_t buffered_bytes() const = 0;

  // True once the client closed the connection or timed out.
  virtual bool is_gone() const = 0;

  // Runs `task` on this connection's net thread, never inside the call.  Tasks of one writer never run at the same
  // time.
  virtual void post(std::function<void()> task) = 0;

  // Runs `task` on the net thread after `delay_ms`, for keep-alive comments.  Both drop tasks once the answer has
  // ended.
  virtual void post_after(int delay_ms, std::function<void()> task) = 0;

  // Called on the net thread: once when the client is gone before the answer ended; each time the buffer drained below
  // the high water mark after having been above it.  A callback that owns the writer keeps an unanswered request open:
  // hold it weakly.
  virtual void on_gone(std::function<void()> callback) = 0;
  virtual void on_drained(std::function<void()> callback) = 0;
};

inline constexpr std::size_t kStreamHighWater = 64u << 10;  // bytes
inline constexpr std::size_t kStreamBytesMax = 16u << 20;   // a producer that lets more pile up has its stream cut

// Called on a net thread; must not block.  The request lives until the handler returns.  Exceptions must not leave it
// (they become 500 and a log line).
using Handler = std::function<void(const HttpRequest&, std::shared_ptr<ResponseWriter>)>;

// The reason phrase's companion: "Too Many Requests" for 429.
std::string_view status_text(int status);

}  // namespace sixfold::net
