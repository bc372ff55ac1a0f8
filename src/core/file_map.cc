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

constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

Error errno_error(const std::string& path, const char* what) {
  const int number = errno;
  const std::string reason = std::generic_category().message(number);
  if (number == ENOENT || number == ENOTDIR) return not_found("{}: no such file", path);
  if (number == EACCES || number == EPERM) return permission_denied("{}: permission denied", path);
  return internal_error("{}: {} failed: {}", path, what, reason);
}

struct OpenFile {
  int number;
  ~OpenFile() {
    if (number >= 0) ::close(number);
  }
};

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

FileIdentity identity_of(const struct stat& status) {
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .bytes = static_cast<std::uint64_t>(status.st_size),
          .modified_ns = nanoseconds(status.st_mtim),
          .changed_ns = nanoseconds(status.st_ctim)};
}

// Huge pages map a file only where its place in memory and its place in the file agree within one; not every file
// system sees to that itself.
void* map_aligned(int file, std::size_t size) {
  const std::size_t room = size + kHugePageBytes;
  void* reserved = ::mmap(nullptr, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED) return MAP_FAILED;
  auto* begin = static_cast<std::byte*>(reserved);
  const std::size_t before =
      (kHugePageBytes - reinterpret_cast<std::uintptr_t>(begin) % kHugePageBytes) % kHugePageBytes;
  void* map = ::mmap(begin + before, size, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0);
  if (map == MAP_FAILED) {
    ::munmap(reserved, room);
    return MAP_FAILED;
  }
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t end = before + (size + page - 1) / page * page;
  if (before > 0) ::munmap(begin, before);
  if (room > end) ::munmap(begin + end, room - end);
  ::madvise(map, size, MADV_HUGEPAGE);  // a wish: without huge pages it is slower, not wrong
  return map;
}

}  // namespace

Result<FileIdentity> identify_file(int file, const std::string& path) {
  struct stat status {};
  if (::fstat(file, &status) != 0) return errno_error(path, "fstat");
  return identity_of(status);
}

Result<FileMap> FileMap::open(const std::string& path) {
  return open_as(path, false);
}

Result<FileMap> FileMap::open_private(const std::string& path) {
  return open_as(path, true);
}

Result<FileMap> FileMap::open_as(const std::string& path, bool is_private) {
  const OpenFile file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | (is_private ? O_NOFOLLOW : 0))};
  if (file.number < 0) return errno_error(path, "open");
  struct stat status {};
  if (::fstat(file.number, &status) != 0) return errno_error(path, "fstat");
  if (!S_ISREG(status.st_mode)) {
    return invalid_argument("{}: want a regular file, got {}", path,
                            S_ISDIR(status.st_mode) ? "a directory" : "something else");
  }
  if (is_private && (status.st_uid != ::geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)) {
    return permission_denied("{}: want a file of this user that nobody else may write", path);
  }
  const FileIdentity identity = identity_of(status);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return FileMap(path, {}, identity);
  void* data =
      is_private ? map_aligned(file.number, size) : ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number, 0);
  if (data == MAP_FAILED) return errno_error(path, "mmap");
  return FileMap(path, {static_cast<const std::byte*>(data), size}, identity);
}

FileMap::FileMap(std::string path, std::span<const std::byte> bytes, const FileIdentity& identity)
    : path_(std::move(path)), bytes_(bytes), identity_(identity) {}

FileMap::FileMap(FileMap&& other) noexcept
    : path_(std::move(other.path_)), bytes_(std::exchange(other.bytes_, {})), identity_(other.identity_) {}

FileMap& FileMap::operator=(FileMap&& other) noexcept {
  if (this != &other) {
    unmap();
    path_ = std::move(other.path_);
    bytes_ = std::exchange(other.bytes_, {});
    identity_ = other.identity_;
  }
  return *this;
}

FileMap::~FileMap() {
  unmap();
}

void FileMap::release(std::span<const std::byte> part) const {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto first = static_cast<std::size_t>(part.data() - bytes_.data());  // the map begins on a page
  const std::size_t begin = (first + page - 1) / page * page;
  const std::size_t last = first + part.size();
  const std::size_t end = last == bytes_.size() ? last : last / page * page;  // the file's last page is whole
  if (begin >= end) return;
  ::madvise(const_cast<std::byte*>(bytes_.data()) + begin, end - begin, MADV_DONTNEED);
}

void FileMap::expect_few_reads() const {
  if (bytes_.empty()) return;
  ::madvise(const_cast<std::byte*>(bytes_.data()), bytes_.size(), MADV_NOHUGEPAGE);
  release(bytes_);
}

void FileMap::unmap() noexcept {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace sixfold
