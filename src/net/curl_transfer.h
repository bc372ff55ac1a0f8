// One exchange over libcurl: no redirects, no repetition.
#pragma once
#include <memory>
#include <span>

#include "core/result.h"
#include "net/http_client.h"
#include "net/url.h"

namespace sixfold::net {

// Owns the connections.  One thread.
class CurlTransfer {
 public:
  // options must outlive it.
  explicit CurlTransfer(const HttpClientOptions& options);
  ~CurlTransfer();

  // Sends `request` to `url`, which stands for request.url, with `headers` instead of its own.
  Result<ResponseHead> perform(const ClientRequest& request, const Url& url, std::span<const Header> headers,
                               BodySink& sink);

 private:
  struct Handles;
  const HttpClientOptions& options_;
  std::unique_ptr<Handles> handles_;
};

}  // namespace sixfold::net
