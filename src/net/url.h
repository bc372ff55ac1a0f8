// Addresses of HTTP servers: taking them apart, joining them, and showing them without their secrets.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace sixfold::net {

struct Url {
  std::string scheme;      // "http" or "https"
  std::string host;        // lower case; an IPv6 address in brackets
  std::uint16_t port = 0;  // the scheme's own when none was written
  std::string path;        // encoded; begins with '/'
  std::string query;       // encoded, without '?'
  std::string user;        // decoded, like password; "" when absent
  std::string password;

  // "host", or "host:port" when the port is not the scheme's own: what a Host header says.
  std::string authority() const;
  // Without user, password and fragment.
  std::string text() const;
};

// An absolute address.  Errors: invalid_argument for other schemes, broken syntax, control characters.
Result<Url> parse_url(std::string_view text);

// What `reference`, absolute or relative, means in an answer from `base` (RFC 3986, section 5.2).
Result<Url> resolve_url(const Url& base, std::string_view reference);

// Scheme, host and port agree: what one was trusted with, the other may see.
bool have_same_origin(const Url& left, const Url& right);

// For messages: without user, password, query and fragment, each of which can carry a secret.  Takes any text.
std::string shown_url(std::string_view text);

enum class Slash { kKept, kEncoded };

// Percent-encodes the bytes of `text` that are not unreserved (RFC 3986, section 2.3).
std::string percent_encode(std::string_view text, Slash slash = Slash::kEncoded);

}  // namespace sixfold::net
