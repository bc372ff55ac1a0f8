// An HTTP client: one exchange, its redirects, and its repetition.  libcurl stops behind this header.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/clock.h"
#include "core/limits.h"
#include "core/result.h"
#include "net/http_client_types.h"
#include "net/retry.h"

namespace sixfold::net {

struct HttpClientOptions {
  std::string user_agent = "sixfold";
  int connect_timeout_ms = limits::kClientConnectTimeoutMs;
  int stall_timeout_ms = limits::kClientStallTimeoutMs;  // without a byte in either direction
  std::string ca_file = {};                              // PEM; "" = $SSL_CERT_FILE, else the system's
  bool verifies_certificates = true;                     // false: whoever answers is believed
  bool uses_proxy = true;                                // http_proxy, https_proxy, all_proxy, no_proxy
  std::function<bool()> is_cancelled = {};               // asked about ten times a second
  RetryPolicy retry = {};
  Pause pause = {};                      // none: waits, and ends when cancelled
  const Clock* clock = &system_clock();  // of Retry-After dates
};

struct TextResponse {
  ResponseHead head;  // any status that is not transient
  std::string body;
};

// Keeps connections open for the next request.  One thread.
class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // One attempt, with redirects.  Any status is an answer; a redirect that is not followed too.  Only the body of a 2xx
  // answer reaches the sink.
  // Errors: unavailable (no connection, a cut answer, cancelled), deadline_exceeded (silence), permission_denied (TLS
  // certificate, redirect from https to http), invalid_argument (address), resource_exhausted (head too large, too many
  // redirects), and those of the sink.  Messages show addresses without query and user.
  Result<ResponseHead> send(const ClientRequest& request, BodySink& sink);

  // A whole answer of at most `bytes_max`, with further attempts after transient failures, of POST only where it was
  // refused (429, 503).
  // Errors: as send; resource_exhausted for more bytes; those of status_error for a status that stays transient.
  Result<TextResponse> fetch(const ClientRequest& request, std::size_t bytes_max);

  // The waiting between attempts at something that this client is used for.
  Backoff backoff() const;
  bool is_cancelled() const;
  const HttpClientOptions& options() const { return options_; }

 private:
  const HttpClientOptions options_;
  std::unique_ptr<class CurlTransfer> transfer_;
};

// The error that an answer stands for: "GET https://host/path: 404 Not Found".
Error status_error(const ResponseHead& head, std::string_view method = "GET");

}  // namespace sixfold::net
