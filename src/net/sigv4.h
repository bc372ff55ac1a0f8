// AWS Signature Version 4 in a request's headers.  Ours, because libcurl 7.88 signs queries and paths wrongly.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"
#include "net/http_client_types.h"

namespace sixfold::net {

struct AwsCredentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token = {};  // of temporary credentials
};

struct SigningScope {
  std::string region;
  std::string service;  // "s3", "sagemaker"
};

// What stands in for the hash of a body that is not read before it is sent.
inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

// Signs method, address, body hash and all of request.headers but those that proxies change; adds X-Amz-Date,
// Authorization and what else the service wants to request.credentials, so that no other host sees them.  The address's
// path and query must be percent-encoded as percent_encode does.  The request must not be changed afterwards, except
// for headers that are not to be signed.
// payload_hash: SHA-256 of the body in hex, or kUnsignedPayload.  Errors: invalid_argument (address).
// Source: docs.aws.amazon.com, "Signature Version 4 signing process", and the S3 API reference on signing headers.
Status sign_v4(ClientRequest& request, const AwsCredentials& credentials, const SigningScope& scope,
               std::string_view payload_hash, std::int64_t unix_seconds);

}  // namespace sixfold::net
