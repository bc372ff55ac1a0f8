// libcurl reads all three forms of RFC 9110, section 5.6.7.
#include "net/http_date.h"

#include <curl/curl.h>

namespace sixfold::net {

std::optional<std::int64_t> parse_http_date(const std::string& text) {
  const std::int64_t seconds = curl_getdate(text.c_str(), nullptr);
  return seconds < 0 ? std::nullopt : std::optional(seconds);
}

}  // namespace sixfold::net
