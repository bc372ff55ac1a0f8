// Where a bucket is asked: Amazon's own addresses, or a server that speaks the same protocol.
#pragma once
#include <string>

#include "core/result.h"
#include "registry/aws/config_file.h"
#include "registry/environment.h"

namespace sixfold::registry {

struct S3Endpoint {
  std::string custom = {};  // "http://localhost:9000"; "" = Amazon's
  std::string region = {};
  bool is_path_style = false;  // the bucket stands in the path, else before the host

  // key: as it is; query: encoded, "" for none.
  std::string url(const std::string& bucket, const std::string& key, const std::string& query) const;
};

// AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or the profile's endpoint_url; the region of the settings, else us-east-1.
// Path style with an endpoint of one's own and for buckets with dots, which no certificate of Amazon's fits; otherwise
// as SIXFOLD_S3_ADDRESSING or the profile's s3.addressing_style (path, virtual) says.
// Errors: invalid_argument.
Result<S3Endpoint> find_s3_endpoint(const Environment& environment, const AwsProfiles& profiles,
                                    const std::string& bucket);

}  // namespace sixfold::registry
