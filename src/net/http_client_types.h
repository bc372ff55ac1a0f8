// What an HTTP client sends and gets: plain structs, no libcurl.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "net/http.h"

namespace sixfold::net {

struct ResponseHead {
  int status = 0;
  std::vector<Header> headers;
  std::string url;         // that answered, after redirects
  std::string error_body;  // the first bytes of an answer that is not 2xx

  // Empty when absent.  Names compare without case.
  std::string_view header(std::string_view name) const;
  std::optional<std::uint64_t> content_length() const;
};

// Takes the body of a 2xx answer.  An error of either method ends the exchange and is what send() returns.
class BodySink {
 public:
  virtual ~BodySink() = default;
  virtual Status begin(const ResponseHead& head) = 0;  // once, before the first byte and also when there is none
  virtual Status take(std::span<const std::byte> bytes) = 0;
};

// A body that is too large for memory.  Fills `into` from `offset` and returns how many bytes it gave; may be asked for
// the same bytes again.
struct BodyReader {
  std::uint64_t bytes = 0;
  std::function<Result<std::size_t>(std::uint64_t offset, std::span<std::byte> into)> read;
};

enum class Redirects {
  kFollow,            // GET and HEAD; never from https to http
  kFollowSameOrigin,  // others are returned
  kReturn,
};

struct ClientRequest {
  std::string method = "GET";
  std::string url = {};
  std::vector<Header> headers = {};
  std::vector<Header> credentials = {};  // sent to the origin of `url` only, and never shown
  std::string body = {};
  std::optional<BodyReader> reader = {};  // instead of `body`
  Redirects redirects = Redirects::kFollow;
};

}  // namespace sixfold::net
