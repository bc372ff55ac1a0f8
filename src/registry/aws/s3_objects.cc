// ListObjectsV2 and HeadObject.  Source: Amazon S3 API Reference.
#include "registry/aws/s3_objects.h"

#include <boost/url/pct_string_view.hpp>

#include "core/base64.h"
#include "core/digest.h"
#include "core/error.h"
#include "net/url.h"
#include "registry/aws/xml.h"

namespace sixfold::registry {
namespace {

constexpr std::size_t kKeysMax = 100'000;

std::optional<std::string> decoded(const std::string& text) {
  const auto view = boost::urls::make_pct_string_view({text.data(), text.size()});
  if (view.has_error()) return std::nullopt;
  boost::urls::encoding_opts options;
  options.space_as_plus = true;  // some servers encode as forms do
  return view->decode(options);
}

// x-amz-checksum-sha256 is of the whole content unless it says that it is made of parts' checksums.
std::string whole_sha256(const net::ResponseHead& head) {
  const std::string_view own = head.header("x-amz-checksum-sha256");
  if (!own.empty() && head.header("x-amz-checksum-type") != "COMPOSITE") {
    const auto bytes = from_base64(own);
    if (bytes && bytes->size() == sizeof(Sha256Bytes)) {
      return to_hex({reinterpret_cast<const unsigned char*>(bytes->data()), bytes->size()});
    }
  }
  const std::string_view pushed = head.header(kS3HashHeader);
  return is_sha256_hex(pushed) ? std::string(pushed) : "";
}

}  // namespace

Result<S3Page> parse_s3_page(std::string_view xml, std::string_view what) {
  SIXFOLD_TRY(const pugi::xml_document document, parse_xml(xml, what));
  const pugi::xml_node list = document.child("ListBucketResult");
  if (!list) return corrupt_data("{}: want a ListBucketResult", what);
  const bool is_encoded = text_of(list, "EncodingType") == "url";
  S3Page page;
  for (const pugi::xml_node& item : list.children("Contents")) {
    std::string key = text_of(item, "Key");
    if (is_encoded) {
      auto plain = decoded(key);
      if (!plain) return corrupt_data("{}: Key: want percent-encoding", what);
      key = *std::move(plain);
    }
    if (key.empty()) return corrupt_data("{}: Contents: want a Key", what);
    page.keys.push_back(std::move(key));
  }
  const std::string is_truncated = text_of(list, "IsTruncated");
  page.continuation = text_of(list, "NextContinuationToken");
  if (is_truncated == "true" && page.continuation.empty()) {
    return corrupt_data("{}: IsTruncated without NextContinuationToken", what);
  }
  if (is_truncated != "true") page.continuation.clear();
  return page;
}

Result<std::vector<std::string>> list_s3(S3Session& session, const std::string& prefix) {
  const std::string what = fmt::format("s3:{}/{}: listing", session.bucket(), prefix);
  std::vector<std::string> keys;
  std::string continuation;
  do {
    std::string query;
    if (!continuation.empty()) query = "continuation-token=" + net::percent_encode(continuation) + "&";
    query += "encoding-type=url&list-type=2&prefix=" + net::percent_encode(prefix);
    SIXFOLD_TRY(const net::TextResponse response, session.fetch({.query = query}));
    SIXFOLD_TRY(S3Page page, parse_s3_page(response.body, what));
    for (std::string& key : page.keys) {
      if (!key.starts_with(prefix)) return corrupt_data("{}: a key that does not begin with the prefix", what);
      keys.push_back(std::move(key));
    }
    if (keys.size() > kKeysMax) {
      return resource_exhausted("{}: want at most {} objects; name the model's own folder", what, kKeysMax);
    }
    if (!page.continuation.empty() && (page.keys.empty() || page.continuation == continuation)) {
      return corrupt_data("{}: it does not end", what);
    }
    continuation = std::move(page.continuation);
  } while (!continuation.empty());
  return keys;
}

Result<S3Object> head_s3(S3Session& session, const std::string& key) {
  auto response = session.fetch({.method = "HEAD", .key = key, .headers = {{"x-amz-checksum-mode", "ENABLED"}}});
  const std::string where = fmt::format("s3:{}/{}", session.bucket(), key);
  if (!response.is_ok()) {
    if (response.error().code == ErrorCode::kNotFound) return not_found("{}: no such object", where);
    return std::move(response).error();
  }
  const auto bytes = response->head.content_length();
  if (!bytes) return corrupt_data("{}: want a Content-Length", where);
  return S3Object{*bytes, std::string(response->head.header("ETag")), whole_sha256(response->head)};
}

}  // namespace sixfold::registry
