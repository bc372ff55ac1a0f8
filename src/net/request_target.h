// The target of a request line, split and decoded.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"

namespace sixfold::net {

struct RequestTarget {
  std::string path;  // decoded; "*" for "OPTIONS *"
  std::vector<std::pair<std::string, std::string>> query;
};

// Reads "/path?query" or "http://host/path?query".  The path is percent-decoded and otherwise taken literally: no dot
// segments are resolved and no slashes merged, because nothing behind it is a file system.
// Errors: invalid_argument for other forms, broken percent codes, NUL, and text that is not UTF-8 once decoded.
Result<RequestTarget> parse_request_target(std::string_view target);

}  // namespace sixfold::net
