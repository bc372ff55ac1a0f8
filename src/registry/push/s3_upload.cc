// PutObject and multipart uploads.  Source: Amazon S3 API Reference.
#include "registry/push/s3_upload.h"

#include <algorithm>
#include <utility>

#include "core/base64.h"
#include "core/digest.h"
#include "core/error.h"
#include "net/url.h"
#include "registry/aws/s3_objects.h"
#include "registry/aws/xml.h"

namespace sixfold::registry {
namespace {

constexpr std::uint64_t kPartBytesMin = std::uint64_t{5} << 20;
constexpr std::uint64_t kPartsMax = 10'000;
constexpr int kAbortAttempts = 2;
constexpr int kAbortTimeoutMs = 5000;
constexpr std::string_view kChecksumHeader = "x-amz-checksum-sha256";

// S3 writes checksums in Base64.  hex: is_sha256_hex holds.
std::string base64_of_hex(std::string_view hex) {
  const auto digit = [](char letter) { return letter <= '9' ? letter - '0' : letter - 'a' + 10; };
  std::string bytes;
  for (std::size_t at = 0; at < hex.size(); at += 2) {
    bytes += static_cast<char>(digit(hex[at]) << 4 | digit(hex[at + 1]));
  }
  return base64(bytes);
}

std::string content_type_of(std::string_view key) {
  if (key.ends_with(".json")) return "application/json";
  if (key.ends_with(".txt") || key.ends_with("LICENSE")) return "text/plain";
  return "application/octet-stream";
}

std::string id_query(const std::string& id) {
  return "uploadId=" + net::percent_encode(id);
}

}  // namespace

std::uint64_t s3_part_bytes(std::uint64_t file_bytes, std::uint64_t wanted) {
  return std::max({wanted, kPartBytesMin, (file_bytes + kPartsMax - 1) / kPartsMax});
}

Result<std::uint64_t> S3Upload::put(const UploadFile& content, const std::string& sha256, std::uint64_t part_bytes,
                                    const CountSent& count) {
  // Also learns the bucket's region before a large body goes to the wrong one.
  SIXFOLD_TRY(const bool is_there, has(sha256, content.bytes()));
  if (is_there) return std::uint64_t{0};
  part_bytes = s3_part_bytes(content.bytes(), part_bytes);
  if (content.bytes() <= part_bytes) {
    SIXFOLD_TRY_STATUS(put_whole(content, sha256, count));
  } else {
    SIXFOLD_TRY_STATUS(put_parts(content, sha256, part_bytes, count));
  }
  return content.bytes();
}

Status S3Upload::put_json(const std::string& text) {
  SIXFOLD_TRY_STATUS(session_.fetch({.method = "PUT",
                                     .key = key_,
                                     .headers = {{"Content-Type", content_type_of(key_)},
                                                 {std::string(kChecksumHeader), base64_of_hex(sha256_hex(text))}},
                                     .body = text}));
  return ok();
}

Result<bool> S3Upload::has(const std::string& sha256, std::uint64_t bytes) {
  const auto object = head_s3(session_, key_);
  if (object.is_ok()) return object->sha256 == sha256 && object->bytes == bytes;
  // Who may write but not read is refused here, and not below.
  const ErrorCode code = object.error().code;
  if (code == ErrorCode::kNotFound || code == ErrorCode::kPermissionDenied) return false;
  return object.error();
}

Status S3Upload::put_whole(const UploadFile& content, const std::string& sha256, const CountSent& count) {
  SIXFOLD_TRY_STATUS(session_.fetch({.method = "PUT",
                                     .key = key_,
                                     .headers = {{"Content-Type", content_type_of(key_)},
                                                 {std::string(kChecksumHeader), base64_of_hex(sha256)},
                                                 {std::string(kS3HashHeader), sha256}},
                                     .reader = content.reader(0, content.bytes(), count),
                                     .payload_sha256 = sha256}));
  return ok();
}

Status S3Upload::put_parts(const UploadFile& content, const std::string& sha256, std::uint64_t part_bytes,
                           const CountSent& count) {
  SIXFOLD_TRY(const std::string id, begin(sha256));
  Status status = ok();
  const auto parts = send_parts(content, id, part_bytes, count);
  if (parts.is_ok()) {
    status = complete(id, *parts, sha256, content.bytes());
  } else {
    status = parts.error();
  }
  if (!status.is_ok()) abort(id);
  return status;
}

Result<std::string> S3Upload::begin(const std::string& sha256) {
  SIXFOLD_TRY(const net::TextResponse response, session_.fetch({.method = "POST",
                                                                .key = key_,
                                                                .query = "uploads=",
                                                                .headers = {{"Content-Type", content_type_of(key_)},
                                                                            {"x-amz-checksum-algorithm", "SHA256"},
                                                                            {std::string(kS3HashHeader), sha256}}}));
  const std::string where = fmt::format("s3:{}/{}: upload", session_.bucket(), key_);
  SIXFOLD_TRY(const pugi::xml_document document, parse_xml(response.body, where));
  std::string id = text_of(document, "InitiateMultipartUploadResult/UploadId");
  if (id.empty()) return corrupt_data("{}: want an UploadId", where);
  return id;
}

Result<std::vector<S3Upload::PartTag>> S3Upload::send_parts(const UploadFile& content, const std::string& id,
                                                            std::uint64_t part_bytes, const CountSent& count) {
  std::vector<PartTag> parts;
  for (std::uint64_t offset = 0; offset < content.bytes(); offset += part_bytes) {
    const std::uint64_t bytes = std::min(part_bytes, content.bytes() - offset);
    SIXFOLD_TRY(const std::string hash, content.sha256(offset, bytes, context_.http.is_cancelled));
    SIXFOLD_TRY(const net::TextResponse response,
                session_.fetch({.method = "PUT",
                                .key = key_,
                                .query = fmt::format("partNumber={}&{}", parts.size() + 1, id_query(id)),
                                .headers = {{std::string(kChecksumHeader), base64_of_hex(hash)}},
                                .reader = content.reader(offset, bytes, count),
                                .payload_sha256 = hash}));
    std::string tag(response.head.header("ETag"));
    if (tag.empty()) return corrupt_data("s3:{}/{}: part {}: want an ETag", session_.bucket(), key_, parts.size() + 1);
    parts.push_back({std::move(tag), hash});
  }
  return parts;
}

Status S3Upload::complete(const std::string& id, const std::vector<PartTag>& parts, const std::string& sha256,
                          std::uint64_t bytes) {
  S3Request request{.method = "POST", .key = key_, .query = id_query(id)};
  pugi::xml_document document;
  pugi::xml_node list = document.append_child("CompleteMultipartUpload");
  list.append_attribute("xmlns") = "http://s3.amazonaws.com/doc/2006-03-01/";
  for (std::size_t index = 0; index < parts.size(); ++index) {
    pugi::xml_node part = list.append_child("Part");
    part.append_child("PartNumber").text() = static_cast<unsigned>(index + 1);
    part.append_child("ETag").text() = parts[index].entity_tag.c_str();
    part.append_child("ChecksumSHA256").text() = base64_of_hex(parts[index].sha256).c_str();
  }
  request.body = xml_text(document);
  net::Backoff backoff = session_.client().backoff();
  for (;;) {
    std::optional<Error> trouble;
    const auto response = session_.fetch(request);
    if (response.is_ok()) {
      // A 200 may come before the outcome is known, which is then in the body.
      const AwsError failure = parse_aws_error(response->body);
      if (failure.code.empty()) return ok();
      trouble = unavailable("s3:{}/{}: {}: {}", session_.bucket(), key_, failure.code, failure.message);
    } else {
      const bool may_be_done = net::is_transient(response.error()) || response.error().code == ErrorCode::kNotFound;
      if (!may_be_done || session_.client().is_cancelled()) return response.error();
      trouble = response.error();
    }
    // The answer may have been lost after the work was done.
    SIXFOLD_TRY(const bool is_there, has(sha256, bytes));
    if (is_there) return ok();
    SIXFOLD_TRY_STATUS(backoff.wait(*trouble));
  }
}

// Parts that nobody completes cost their owner money, also after Ctrl-C.
void S3Upload::abort(const std::string& id) const {
  SourceContext context = context_;
  context.http.is_cancelled = {};
  context.http.retry.attempts_max = kAbortAttempts;
  context.http.stall_timeout_ms = kAbortTimeoutMs;
  const auto session = S3Session::open(session_.bucket(), context);
  if (!session.is_ok()) return;
  const auto gone = (*session)->fetch({.method = "DELETE", .key = key_, .query = id_query(id)});
  if (!gone.is_ok() && gone.error().code != ErrorCode::kNotFound) {
    context_.note(fmt::format("s3:{}/{}: an upload that was not finished remains there", session_.bucket(), key_));
  }
}

}  // namespace sixfold::registry
