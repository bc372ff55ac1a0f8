// "bytes 0-99/1234": which part of a file an answer holds.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "net/http_client_types.h"

namespace sixfold::registry {

struct ContentRange {
  std::uint64_t first = 0, last = 0;  // of the bytes in the answer
  std::uint64_t total = 0;            // of the whole file
};

// Nothing unless first <= last < total.  Source: RFC 9110, section 14.4; without the unknown total "*".
std::optional<ContentRange> parse_content_range(std::string_view text);

// The entity tag of an answer if it is strong, which alone may stand in If-Range; else "".
std::string_view strong_validator(const net::ResponseHead& head);

}  // namespace sixfold::registry
