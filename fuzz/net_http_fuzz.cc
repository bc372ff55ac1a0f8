// What a hostile client can put into the request parser, the target decoder, the router and a response head.  Sockets,
// time-outs and the connection's coroutine are not reached from here.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "../test/net/parse_bytes.h"
#include "net/response_head.h"
#include "net/router.h"
#include "net/sse.h"

namespace {

using namespace sixfold::net;

void require(bool is_true) {
  if (!is_true) std::abort();
}

void check_same(const ParsedBytes& left, const ParsedBytes& right) {
  // Beast sees some faults of an unfinished head only once the head is whole.
  require((left.error_status != 0 || left.is_in_the_middle) == (right.error_status != 0 || right.is_in_the_middle));
  require(left.requests.size() == right.requests.size());
  for (std::size_t index = 0; index < left.requests.size(); ++index) {
    const HttpRequest& a = left.requests[index].request;
    const HttpRequest& b = right.requests[index].request;
    require(a.method == b.method && a.path == b.path && a.query == b.query && a.body == b.body);
    require(a.headers.size() == b.headers.size());
  }
}

// A client's text may be echoed in a header or an event: neither may end early.
void check_echo(const HttpRequest& request) {
  HttpResponse response;
  response.content_type = std::string(request.header("content-type"));
  for (const Header& header : request.headers) response.headers.push_back({header.value, header.name + request.body});
  response.headers.push_back({"X-Body", request.body});
  const std::string id = is_sane_request_id(request.body) ? request.body : make_request_id();
  const std::string head = make_response_head(response, {}, "sixfold", id);
  require(head.find("\r\n\r\n") == head.size() - 4);
  for (std::size_t at = 0; at < head.size(); ++at) {
    if (head[at] == '\n') require(at > 0 && head[at - 1] == '\r');
  }
  const std::string event = sse_event(request.body, request.path);
  require(event.find("\n\n") == event.size() - 2);
  require(event.find('\r') == std::string::npos);
}

const Router& router() {
  static const Router kRouter = [] {
    Router made;
    for (const char* pattern :
         {"/", "/health", "/v1/models", "/v1/models/{model}", "/v1/{kind}/list", "/docs/{path...}"}) {
      made.add({"GET", pattern, {}});
      made.add({"POST", pattern, {}});
    }
    return made;
  }();
  return kRouter;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr RequestLimits kLimits{512, 300};
  constexpr std::size_t kInputMax = 4096;
  if (size == 0 || size > kInputMax) return 0;
  const std::size_t step = 1 + data[0] % 64;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const ParsedBytes at_once = parse_request_bytes(bytes, kLimits, bytes.size() + 1);
  const ParsedBytes in_steps = parse_request_bytes(bytes, kLimits, step);
  // A chunk header that is too long is only seen as such while it is incomplete.
  if (in_steps.error_message != "the chunk header is too long") check_same(at_once, in_steps);
  for (const RequestHead& head : at_once.requests) {
    const HttpRequest& request = head.request;
    require(request.body.size() <= kLimits.body_bytes_max);
    require(request.path.find('\0') == std::string::npos);
    const Router::Match match = router().match(request.method, request.path);
    require(match.route != nullptr || match.path_values.empty());
    for (const auto& [name, value] : match.path_values) require(!value.empty());
    check_echo(request);
  }
  return 0;
}
