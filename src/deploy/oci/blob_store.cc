// A blob gets its name when it is whole and on the disk.
#include "deploy/oci/blob_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/text_file.h"
#include "core/write_error.h"
#include "registry/folders.h"

namespace sixfold::deploy::oci {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTextBytesMax = 8u << 20;
constexpr std::string_view kUnfinished = "unfinished.";

std::string blobs_folder(const std::string& folder) {
  return folder + "/blobs/sha256";
}

}  // namespace

json::object Descriptor::value() const {
  return {{"mediaType", media_type}, {"digest", digest}, {"size", bytes}};
}

Result<Descriptor> parse_descriptor(const json::value& value, std::string_view where) {
  const json::object* object = value.if_object();
  if (object == nullptr) return corrupt_data("{}: want a descriptor, got {}", where, shown_json(value));
  Descriptor found{text_at(*object, "mediaType"), text_at(*object, "digest"), 0};
  const auto bytes = count_at(*object, "size");
  if (!found.digest.starts_with(kSha256Prefix) || !is_sha256_hex(found.digest.substr(kSha256Prefix.size())) || !bytes) {
    return corrupt_data("{}: want a descriptor with digest and size, got {}", where, found.digest);
  }
  found.bytes = *bytes;
  return found;
}

BlobWriter::BlobWriter(BlobWriter&& other) noexcept
    : folder_(std::move(other.folder_)),
      temporary_(std::exchange(other.temporary_, {})),
      file_(std::exchange(other.file_, -1)),
      bytes_(other.bytes_),
      hasher_(std::move(other.hasher_)) {}

BlobWriter::~BlobWriter() {
  if (file_ >= 0) ::close(file_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Status BlobWriter::write(std::span<const std::byte> bytes) {
  hasher_.add(bytes);
  bytes_ += bytes.size();
  while (!bytes.empty()) {
    const ssize_t count = ::write(file_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return write_error(temporary_, "write");
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return ok();
}

Result<Descriptor> BlobWriter::finish(std::string_view media_type) {
  const std::string hex = hasher_.finish();
  if (::fsync(file_) != 0) return write_error(temporary_, "sync");
  SIXFOLD_TRY_STATUS(registry::move_file(temporary_, folder_ + "/" + hex));
  temporary_.clear();
  return Descriptor{std::string(media_type), sha256_digest(hex), bytes_};
}

Result<BlobStore> BlobStore::open(const std::string& folder) {
  SIXFOLD_TRY_STATUS(registry::make_folders(blobs_folder(folder)));
  return BlobStore(folder);
}

std::string BlobStore::path_of(std::string_view digest) const {
  return blobs_folder(folder_) + "/" + std::string(digest.substr(kSha256Prefix.size()));
}

bool BlobStore::has(const Descriptor& blob) const {
  const std::string path = path_of(blob.digest);
  return registry::is_file(path) && registry::file_bytes(path) == blob.bytes;
}

Result<BlobWriter> BlobStore::begin() const {
  const std::string folder = blobs_folder(folder_);
  const std::string temporary = fmt::format("{}/{}{}", folder, kUnfinished, ::getpid());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (file < 0) return write_error(temporary, "create");
  return BlobWriter(folder, temporary, file);
}

Result<Descriptor> BlobStore::add(std::string_view text, std::string_view media_type) const {
  Descriptor blob{std::string(media_type), sha256_digest(sha256_hex(text)), text.size()};
  if (has(blob)) return blob;
  SIXFOLD_TRY(BlobWriter writer, begin());
  SIXFOLD_TRY_STATUS(writer.write(std::as_bytes(std::span(text.data(), text.size()))));
  return writer.finish(media_type);
}

Result<std::string> BlobStore::text(const Descriptor& blob) const {
  SIXFOLD_TRY(std::string text, read_text_file(path_of(blob.digest), kTextBytesMax));
  const std::string digest = sha256_digest(sha256_hex(text));
  if (digest != blob.digest) {
    return corrupt_data("{}: digest: want {}, got {}", path_of(blob.digest), blob.digest, digest);
  }
  return text;
}

Result<json::object> BlobStore::document(const Descriptor& blob) const {
  SIXFOLD_TRY(const std::string text, this->text(blob));
  return parse_json_object(text, path_of(blob.digest));
}

Status BlobStore::keep_only(const std::vector<Descriptor>& blobs) const {
  std::set<std::string> names;
  for (const Descriptor& blob : blobs) names.insert(blob.digest.substr(kSha256Prefix.size()));
  std::error_code error;
  std::vector<fs::path> others;
  for (fs::directory_iterator entry(blobs_folder(folder_), error), end; !error && entry != end;
       entry.increment(error)) {
    if (!names.contains(entry->path().filename().string())) others.push_back(entry->path());
  }
  for (const fs::path& path : others) {
    if (!error) fs::remove(path, error);
  }
  if (error) return internal_error("{}: {}", blobs_folder(folder_), error.message());
  return ok();
}

}  // namespace sixfold::deploy::oci
