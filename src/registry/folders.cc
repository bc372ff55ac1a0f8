// std::filesystem and a few system calls.
#include "registry/folders.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <span>
#include <system_error>

#include "core/error.h"
#include "core/write_error.h"
#include "formats/file_replacement.h"

namespace sixfold::registry {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSpareBytes = std::uint64_t{64} << 20;

}  // namespace

Status make_folders(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error) return ok();
  errno = error.value();
  return write_error(path, "create folder");
}

Status make_parent_folders(const std::string& path) {
  return make_folders(fs::path(path).parent_path().string());
}

Status replace_link(const std::string& target, const std::string& path) {
  const std::string temporary = fmt::format("{}.{}.link", path, ::getpid());
  ::unlink(temporary.c_str());
  if (::symlink(target.c_str(), temporary.c_str()) != 0) return write_error(path, "link");
  if (std::rename(temporary.c_str(), path.c_str()) == 0) return ok();
  Error error = write_error(path, "link");
  ::unlink(temporary.c_str());
  return error;
}

Status move_file(const std::string& from, const std::string& to) {
  return std::rename(from.c_str(), to.c_str()) == 0 ? ok() : Status(write_error(to, "rename"));
}

Status write_text_file(const std::string& path, const std::string& text) {
  SIXFOLD_TRY(formats::FileReplacement file, formats::FileReplacement::begin(path));
  SIXFOLD_TRY_STATUS(file.write(std::as_bytes(std::span(text))));
  return file.commit();
}

bool is_file(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

std::uint64_t file_bytes(const std::string& path) {
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  return error ? 0 : bytes;
}

std::int64_t modified_at(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mtime : 0;
}

Status check_disk_room(const std::string& folder, std::uint64_t bytes) {
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0) return ok();  // the disk itself will say
  const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  const std::uint64_t spare = std::min(kSpareBytes, std::uint64_t{disk.f_blocks} * disk.f_frsize / 100);
  if (bytes <= free && free - bytes >= spare) return ok();
  return resource_exhausted("{}: want {} bytes free on the disk, got {}", folder, bytes + spare, free);
}

}  // namespace sixfold::registry
