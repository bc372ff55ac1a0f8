// The bytes of a response head.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"

namespace sixfold::net {

struct ResponseFraming {
  std::optional<std::size_t> content_length;  // none: a stream
  bool is_chunked = false;
  bool is_closing = false;   // "Connection: close"
  bool is_http_1_0 = false;  // the client's version; a kept connection must be announced
};

// Headers that would break the framing (Content-Length, Transfer-Encoding, Connection, Date, Server, X-Request-Id, and
// names or values with control characters) are left out: the server writes its own.
std::string make_response_head(const HttpResponse& response, const ResponseFraming& framing, std::string_view server,
                               std::string_view request_id);

// "Sun, 06 Nov 1994 08:49:37 GMT".  Source: RFC 9110, section 5.6.7.
std::string http_date(std::int64_t unix_seconds);

// True for 1 to 128 characters of [A-Za-z0-9._-].
bool is_sane_request_id(std::string_view id);

// 128 random bits in hex.
std::string make_request_id();

}  // namespace sixfold::net
