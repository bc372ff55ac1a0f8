// Reading a bucket: what lies under a prefix, and what one object is.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "registry/aws/s3_session.h"

namespace sixfold::registry {

// A header that sixfold push gives to objects whose own checksum does not cover the whole: 64 hex digits.
inline constexpr std::string_view kS3HashHeader = "x-amz-meta-sixfold-sha256";

struct S3Page {
  std::vector<std::string> keys;
  std::string continuation;  // "" on the last page
};

// An answer to ListObjectsV2 with encoding-type=url.  what: for messages.  Errors: corrupt_data.
Result<S3Page> parse_s3_page(std::string_view xml, std::string_view what);

// All keys that begin with `prefix`.  Errors: those of S3Session::fetch; resource_exhausted for more than a model can
// have by far; corrupt_data (a listing that does not end, keys elsewhere).
Result<std::vector<std::string>> list_s3(S3Session& session, const std::string& prefix);

struct S3Object {
  std::uint64_t bytes = 0;
  std::string entity_tag;  // with its quotes; pins the content, but is no hash of it
  std::string sha256;      // hex; "" when the server does not know
};

// Errors: not_found and others of S3Session::fetch; corrupt_data (no size).
Result<S3Object> head_s3(S3Session& session, const std::string& key);

}  // namespace sixfold::registry
