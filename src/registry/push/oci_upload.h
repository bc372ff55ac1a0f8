// Sending one blob to a container registry: skipped, mounted, at once, or in pieces that go on after a cut.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "core/result.h"
#include "net/url.h"
#include "registry/oci_session.h"
#include "registry/push/upload_file.h"

namespace sixfold::registry {

struct OciBlob {
  std::string digest;  // "sha256:HEX"
  std::uint64_t bytes = 0;
};

// One blob.  One thread.
class OciUpload {
 public:
  // part_bytes: a larger blob is sent in pieces of this size, or of what the registry wants at least.
  OciUpload(OciSession& session, OciBlob blob, std::uint64_t part_bytes)
      : session_(session), blob_(std::move(blob)), part_bytes_(part_bytes) {}

  // Returns how many bytes were sent: 0 when the registry had it, or took it from the repository `mount_from` (""
  // = none).  content: of all of it.  After an error, the registry is told to
  // drop what it got.  Errors: unauthenticated, permission_denied, corrupt_data (digest), those of net::HttpClient.
  Result<std::uint64_t> run(const UploadContent& content, const std::string& mount_from);

 private:
  enum class Begun { kUpload, kMounted };

  Result<bool> is_there();
  Result<Begun> begin(const std::string& mount_from);
  Status transfer(const UploadContent& content);
  Result<net::ResponseHead> send_next(const UploadContent& content);
  Status find_offset();
  Status adopt_location(const net::ResponseHead& head);
  void drop();

  OciSession& session_;
  const OciBlob blob_;
  std::uint64_t part_bytes_;
  std::optional<net::Url> location_;  // of the upload
  std::uint64_t offset_ = 0;          // what the registry has
  bool is_whole_ = false;
};

}  // namespace sixfold::registry
