// Hosts and styles.  Source: Amazon S3 User Guide, "Virtual hosting of buckets".
#include "registry/aws/s3_endpoint.h"

#include "core/error.h"
#include "net/url.h"
#include "registry/aws/login.h"

namespace sixfold::registry {

std::string S3Endpoint::url(const std::string& bucket, const std::string& key, const std::string& query) const {
  std::string base = custom.empty() ? fmt::format("https://s3.{}.{}", region, aws_domain(region)) : custom;
  if (is_path_style) {
    base += "/" + bucket;
  } else {
    base.insert(base.find("://") + 3, bucket + ".");
  }
  return fmt::format("{}/{}{}{}", base, net::percent_encode(key, net::Slash::kKept), query.empty() ? "" : "?", query);
}

Result<S3Endpoint> find_s3_endpoint(const Environment& environment, const AwsProfiles& profiles,
                                    const std::string& bucket) {
  S3Endpoint endpoint{.custom = aws_endpoint(environment, profiles, "S3"), .region = aws_region(environment, profiles)};
  if (endpoint.region.empty()) endpoint.region = "us-east-1";
  if (!is_aws_region(endpoint.region)) {
    return invalid_argument("AWS region \"{}\": want letters, digits and hyphens", endpoint.region);
  }
  if (!endpoint.custom.empty()) {
    SIXFOLD_TRY(const net::Url url, net::parse_url(endpoint.custom));
    if (!url.query.empty() || !url.user.empty()) {
      return invalid_argument("AWS_ENDPOINT_URL: {}: want no user and no query", net::shown_url(endpoint.custom));
    }
  }
  std::string style = environment("SIXFOLD_S3_ADDRESSING");
  if (style.empty()) style = profiles.value("s3.addressing_style");
  if (!style.empty() && style != "path" && style != "virtual" && style != "auto") {
    return invalid_argument("S3 addressing style: want path, virtual or auto, got \"{}\"", style);
  }
  const bool is_said = style == "path" || style == "virtual";
  const bool is_obvious = !endpoint.custom.empty() || bucket.find('.') != std::string::npos;
  endpoint.is_path_style = is_said ? style == "path" : is_obvious;
  return endpoint;
}

}  // namespace sixfold::registry
