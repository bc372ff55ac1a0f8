// pread, not a map: a file that somebody cuts short must be an error, not a signal.
#include "registry/push/upload_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "core/digest.h"
#include "core/error.h"
#include "core/write_error.h"

namespace sixfold::registry {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

}  // namespace

UploadContent content_of_text(const std::string& text) {
  return [&text](std::uint64_t offset, std::uint64_t bytes) {
    const std::string_view part = std::string_view(text).substr(offset, bytes);
    return net::BodyReader{.bytes = part.size(),
                           .read = [part](std::uint64_t at, std::span<std::byte> into) -> Result<std::size_t> {
                             const std::string_view rest = part.substr(std::min<std::uint64_t>(at, part.size()));
                             const std::size_t size = std::min(rest.size(), into.size());
                             std::memcpy(into.data(), rest.data(), size);
                             return size;
                           }};
  };
}

Result<UploadFile> UploadFile::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return write_error(path, "open");
  struct stat status {};
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(file);
    return invalid_argument("{}: want a regular file", path);
  }
  return UploadFile(path, file, static_cast<std::uint64_t>(status.st_size));
}

UploadFile::UploadFile(UploadFile&& other) noexcept
    : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)), bytes_(other.bytes_) {}

UploadFile::~UploadFile() {
  if (file_ >= 0) ::close(file_);
}

Status UploadFile::read(std::uint64_t offset, std::span<std::byte> into) const {
  while (!into.empty()) {
    const ssize_t count = ::pread(file_, into.data(), into.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return write_error(path_, "read");
    if (count == 0) return corrupt_data("{}: became shorter while it was sent", path_);
    into = into.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return ok();
}

net::BodyReader UploadFile::reader(std::uint64_t offset, std::uint64_t bytes, CountSent count) const {
  return {.bytes = bytes,
          .read = [this, offset, bytes, count = std::move(count)](std::uint64_t at,
                                                                  std::span<std::byte> into) -> Result<std::size_t> {
            const std::size_t size = std::min<std::uint64_t>(into.size(), bytes - std::min(at, bytes));
            SIXFOLD_TRY_STATUS(read(offset + at, into.first(size)));
            if (count) count(offset + at + size);
            return size;
          }};
}

Result<std::string> UploadFile::sha256(std::uint64_t offset, std::uint64_t bytes,
                                       const std::function<bool()>& is_cancelled, const CountSent& count) const {
  const std::uint64_t begin = offset;
  std::vector<std::byte> block(kBlockBytes);
  Hasher hasher;
  for (const std::uint64_t end = offset + bytes; offset < end;) {
    if (is_cancelled && is_cancelled()) return unavailable("{}: stopped", path_);
    const std::span<std::byte> part(block.data(), std::min<std::uint64_t>(block.size(), end - offset));
    SIXFOLD_TRY_STATUS(read(offset, part));
    hasher.add(part);
    offset += part.size();
    if (count) count(offset - begin);
  }
  return hasher.finish();
}

}  // namespace sixfold::registry
