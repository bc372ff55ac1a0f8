// Maps a file with mmap(2).
#include "core/file_map.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "core/error.h"

namespace sixfold {
namespace {

Error errno_error(const std::string& path, const char* what) {
  const int number = errno;
  const std::string reason = std::generic_category().message(number);
  if (number == ENOENT || number == ENOTDIR) return not_found("{}: no such file", path);
  if (number == EACCES || number == EPERM) return permission_denied("{}: permission denied", path);
  return internal_error("{}: {} failed: {}", path, what, reason);
}

}  // namespace

Result<FileMap> FileMap::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno_error(path, "open");
  struct stat status {};
  if (::fstat(file, &status) != 0) {
    const Error error = errno_error(path, "fstat");
    ::close(file);
    return error;
  }
  if (!S_ISREG(status.st_mode)) {
    ::close(file);
    return invalid_argument("{}: want a regular file, got {}", path,
                            S_ISDIR(status.st_mode) ? "a directory" : "something else");
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) {
    ::close(file);
    return FileMap(path, nullptr, 0);
  }
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  const Error map_error = data == MAP_FAILED ? errno_error(path, "mmap") : Error{};
  ::close(file);
  if (data == MAP_FAILED) return map_error;
  return FileMap(path, static_cast<const std::byte*>(data), size);
}

FileMap::FileMap(std::string path, const std::byte* data, std::size_t size)
    : path_(std::move(path)), data_(data), size_(size) {}

FileMap::FileMap(FileMap&& other) noexcept
    : path_(std::move(other.path_)), data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

FileMap& FileMap::operator=(FileMap&& other) noexcept {
  if (this != &other) {
    unmap();
    path_ = std::move(other.path_);
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

FileMap::~FileMap() {
  unmap();
}

void FileMap::unmap() noexcept {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace sixfold
