// Opens, locks, closes.
#include "registry/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/error.h"
#include "core/write_error.h"

namespace sixfold::registry {
namespace {

Result<int> open_lock_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (file < 0) return write_error(path, "open");
  return file;
}

int operation(LockKind kind) {
  return kind == LockKind::kShared ? LOCK_SH : LOCK_EX;
}

}  // namespace

Result<std::optional<FileLock>> FileLock::try_acquire(const std::string& path, LockKind kind) {
  SIXFOLD_TRY(const int file, open_lock_file(path));
  FileLock lock(file);
  if (::flock(file, operation(kind) | LOCK_NB) == 0) return std::optional<FileLock>(std::move(lock));
  if (errno == EWOULDBLOCK) return std::optional<FileLock>();
  return write_error(path, "lock");
}

Result<FileLock> FileLock::acquire(const std::string& path, LockKind kind, const std::function<void()>& on_wait,
                                   const std::function<bool()>& is_cancelled) {
  SIXFOLD_TRY(const int file, open_lock_file(path));
  FileLock lock(file);
  if (::flock(file, operation(kind) | LOCK_NB) == 0) return lock;
  if (on_wait) on_wait();
  while (::flock(file, operation(kind)) != 0) {
    if (errno != EINTR) return write_error(path, "lock");
    if (is_cancelled && is_cancelled()) return unavailable("{}: stopped while another process held it", path);
  }
  return lock;
}

FileLock::FileLock(FileLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

FileLock::~FileLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace sixfold::registry
