// Dates in HTTP headers.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace sixfold::net {

// "Sun, 06 Nov 1994 08:49:37 GMT" as seconds since 1970.  Nothing for text that is no date.
std::optional<std::int64_t> parse_http_date(const std::string& text);

}  // namespace sixfold::net
