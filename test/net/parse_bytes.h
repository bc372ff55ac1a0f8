// Reads every request in a run of bytes, as a connection would, without sockets.  For the tests and the fuzzer.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "net/request_parser.h"

namespace sixfold::net {

struct ParsedBytes {
  std::vector<RequestHead> requests;  // with their bodies
  int error_status = 0;               // 0: none
  std::string error_message;
  bool is_in_the_middle = false;  // the bytes end inside a request
};

// Offers `step` more bytes at a time.
inline ParsedBytes parse_request_bytes(std::string_view bytes, RequestLimits limits, std::size_t step) {
  ParsedBytes parsed;
  std::string buffer;
  while (parsed.error_status == 0) {
    RequestParser parser(limits);
    bool has_begun = false;
    RequestHead head;
    for (;;) {
      const std::size_t taken = parser.feed(buffer);
      has_begun = has_begun || !buffer.empty();
      buffer.erase(0, taken);
      if (parser.state() == RequestParser::State::kFailed) {
        parsed.error_status = parser.error_status();
        parsed.error_message = parser.error_message();
        return parsed;
      }
      if (parser.state() == RequestParser::State::kHeadDone) {
        head = parser.take_head();
        continue;
      }
      if (parser.state() == RequestParser::State::kDone) break;
      if (taken != 0 && !buffer.empty()) continue;
      if (bytes.empty()) {
        parsed.is_in_the_middle = has_begun;
        return parsed;
      }
      const std::string_view more = bytes.substr(0, step);
      buffer += more;
      bytes.remove_prefix(more.size());
    }
    head.request.body = parser.take_body();
    parsed.requests.push_back(std::move(head));
  }
  return parsed;
}

}  // namespace sixfold::net
