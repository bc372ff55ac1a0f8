// pwrite(2) until all is written, fallocate(2) where the file system can.
#include "core/write_at.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "core/write_error.h"

namespace sixfold {

Status write_at(int file, const std::string& path, std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return write_error(path, "write");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return ok();
}

Status reserve_room(int file, const std::string& path, std::uint64_t bytes) {
  // posix_fallocate would write zeros where the file system cannot reserve.
  const bool is_reserved =
      bytes == 0 || ::fallocate(file, 0, 0, static_cast<off_t>(bytes)) == 0 || errno == EOPNOTSUPP || errno == ENOSYS;
  if (!is_reserved) return write_error(path, "reserve");
  return ::ftruncate(file, static_cast<off_t>(bytes)) == 0 ? ok() : Status(write_error(path, "truncate"));
}

}  // namespace sixfold
