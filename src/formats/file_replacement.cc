// Creates, writes, syncs, renames.
#include "formats/file_replacement.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "core/error.h"
#include "core/write_error.h"

namespace sixfold::formats {
Result<FileReplacement> FileReplacement::begin(const std::string& path) {
  // Not mkstemp, which makes the file private: open obeys the umask, and only it can without a race.
  constexpr int kNamesMax = 1000;
  for (int number = 0; number < kNamesMax; ++number) {
    const std::string temporary = fmt::format("{}.{}-{}.part", path, ::getpid(), number);
    const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file >= 0) return FileReplacement(path, temporary, file);
    if (errno != EEXIST) return write_error(path, "create");
  }
  return already_exists("{}: want a free temporary name beside it, got {} taken ones", path, kNamesMax);
}

FileReplacement::FileReplacement(std::string path, std::string temporary, int file)
    : path_(std::move(path)), temporary_(std::move(temporary)), file_(file) {}

FileReplacement::FileReplacement(FileReplacement&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, std::string())),
      file_(std::exchange(other.file_, -1)) {}

FileReplacement::~FileReplacement() {
  if (file_ >= 0) ::close(file_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Status FileReplacement::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return write_error(path_, "write");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return ok();
}

Status FileReplacement::commit() {
  if (::fsync(file_) != 0) return write_error(path_, "fsync");
  if (::close(std::exchange(file_, -1)) != 0) return write_error(path_, "close");
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) return write_error(path_, "rename");
  temporary_.clear();
  return ok();
}

}  // namespace sixfold::formats
