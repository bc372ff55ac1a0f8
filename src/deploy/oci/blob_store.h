// A folder of blobs named by their digests, as an OCI image layout has them.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.h"
#include "core/json.h"
#include "core/result.h"
#include "deploy/oci/tar_writer.h"

namespace sixfold::deploy::oci {

inline constexpr std::string_view kIndexType = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kManifestType = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kConfigType = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view kTarType = "application/vnd.oci.image.layer.v1.tar";
inline constexpr std::string_view kTarGzipType = "application/vnd.oci.image.layer.v1.tar+gzip";

// The lists of a layout are not larger.
inline constexpr std::size_t kListBytesMax = 1u << 20;

inline json::string_view json_text(std::string_view text) {
  return {text.data(), text.size()};
}

struct Descriptor {
  std::string media_type;
  std::string digest;  // "sha256:HEX"
  std::uint64_t bytes = 0;

  json::object value() const;
};

// Errors: corrupt_data, where it is no descriptor; `where` is for messages.
Result<Descriptor> parse_descriptor(const json::value& value, std::string_view where);

// A blob on its way.  Dropped before finish(), it leaves nothing.  One thread.
class BlobWriter {
 public:
  BlobWriter(BlobWriter&& other) noexcept;
  BlobWriter& operator=(BlobWriter&&) = delete;
  ~BlobWriter();

  Status write(std::span<const std::byte> bytes);
  Result<Descriptor> finish(std::string_view media_type);

 private:
  friend class BlobStore;
  BlobWriter(std::string folder, std::string temporary, int file)
      : folder_(std::move(folder)), temporary_(std::move(temporary)), file_(file) {}

  std::string folder_;
  std::string temporary_;  // empty once it is done
  int file_;
  std::uint64_t bytes_ = 0;
  Hasher hasher_;
};

// One thread and, for writing, one process at a time.
class BlobStore {
 public:
  // folder: of the layout; made when it is not there.  Errors: those of folders.
  static Result<BlobStore> open(const std::string& folder);

  const std::string& folder() const { return folder_; }
  std::string path_of(std::string_view digest) const;
  bool has(const Descriptor& blob) const;  // with its size

  Result<BlobWriter> begin() const;
  Result<Descriptor> add(std::string_view text, std::string_view media_type) const;
  // A small blob, checked.  Errors: not_found, corrupt_data.
  Result<std::string> text(const Descriptor& blob) const;
  Result<json::object> document(const Descriptor& blob) const;

  // Removes all other blobs, and what cuts have left.
  Status keep_only(const std::vector<Descriptor>& blobs) const;

 private:
  explicit BlobStore(std::string folder) : folder_(std::move(folder)) {}
  std::string folder_;
};

}  // namespace sixfold::deploy::oci
