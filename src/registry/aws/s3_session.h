// Talking to one bucket: signed requests, repeated where its answers say how.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "net/http_client.h"
#include "registry/aws/identity.h"
#include "registry/aws/s3_endpoint.h"
#include "registry/source.h"

namespace sixfold::registry {

struct AwsError;

struct S3Request {
  std::string method = "GET";
  std::string key = {};    // "" = of the bucket itself
  std::string query = {};  // encoded
  std::vector<net::Header> headers = {};
  std::string body = {};
  std::optional<net::BodyReader> reader = {};  // instead of `body`
  std::string payload_sha256 = {};             // of the reader's bytes
};

// One thread at a time.
class S3Session {
 public:
  // Reads the settings.  Errors: those of AwsProfiles::read and find_s3_endpoint.
  static Result<std::unique_ptr<S3Session>> open(const std::string& bucket, const SourceContext& context);

  // For a download.  is_renewed: see MakeRequest.
  Result<net::ClientRequest> sign(const S3Request& request);

  // What an answer that is no success means.  A bucket in another region, a clock that is wrong and keys that ran out
  // are put right, so that the next request is another one.
  Refusal read(const net::ResponseHead& head);

  // A whole answer: 2xx.  Errors: those of net::HttpClient::fetch and of read; not_found (no such bucket or object).
  Result<net::TextResponse> fetch(const S3Request& request);

  const std::string& bucket() const { return bucket_; }
  net::HttpClient& client() { return client_; }

 private:
  S3Session(std::string bucket, S3Endpoint endpoint, AwsSetting setting);
  bool move(const net::ResponseHead& head, const std::string& said_region);
  bool set_clock(const net::ResponseHead& head);  // false when it was right
  Error explain(const net::ResponseHead& head, const AwsError& error) const;

  const std::string bucket_;
  const Clock* const clock_;
  S3Endpoint endpoint_;
  AwsIdentity identity_;
  net::HttpClient client_;
  std::int64_t clock_offset_s_ = 0;  // of the server's clock from ours
  bool is_anonymous_ = false;        // the last request was
};

}  // namespace sixfold::registry
