// Sending objects to a bucket: small ones at once, others in parts.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "registry/aws/s3_session.h"
#include "registry/push/push.h"
#include "registry/push/upload_file.h"

namespace sixfold::registry {

// Bytes of each part of a file: at least `wanted` and 5 MiB, and so many that 10000 parts are enough.
// Source: Amazon S3 User Guide, "Amazon S3 multipart upload limits".
std::uint64_t s3_part_bytes(std::uint64_t file_bytes, std::uint64_t wanted);

// One object, as it is visible only when it is whole.  One thread.
class S3Upload {
 public:
  S3Upload(S3Session& session, const SourceContext& context, std::string key)
      : session_(session), context_(context), key_(std::move(key)) {}

  // Returns how many bytes were sent: 0 when the same content is there.  sha256: of the content.  After an error the
  // parts are taken back.  Errors: those of S3Session::fetch and of reading.
  Result<std::uint64_t> put(const UploadFile& content, const std::string& sha256, std::uint64_t part_bytes,
                            const CountSent& count);
  Status put_json(const std::string& text);

 private:
  struct PartTag {
    std::string entity_tag, sha256;
  };

  Status put_whole(const UploadFile& content, const std::string& sha256, const CountSent& count);
  Status put_parts(const UploadFile& content, const std::string& sha256, std::uint64_t part_bytes,
                   const CountSent& count);
  Result<std::string> begin(const std::string& sha256);
  Result<std::vector<PartTag>> send_parts(const UploadFile& content, const std::string& id, std::uint64_t part_bytes,
                                          const CountSent& count);
  Status complete(const std::string& id, const std::vector<PartTag>& parts, const std::string& sha256,
                  std::uint64_t bytes);
  Result<bool> has(const std::string& sha256, std::uint64_t bytes);
  void abort(const std::string& id) const;

  S3Session& session_;
  const SourceContext& context_;
  const std::string key_;
};

}  // namespace sixfold::registry
