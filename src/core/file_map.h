// A whole file, mapped read-only.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "core/result.h"

namespace sixfold {

// Which state of which file this is.  Whoever writes to a file, or puts another in its place, changes some of these,
// and no program can set the last one; what goes wrong below the file system (a failing disk) changes none of them.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t bytes = 0;
  std::int64_t modified_ns = 0;  // content, since 1970
  std::int64_t changed_ns = 0;   // content, name, owner or mode, since 1970

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

// Of an open file.  Errors: internal.
Result<FileIdentity> identify_file(int file, const std::string& path);

// Immutable after open; the mapping lives as long as the object.  Thread-safe for reading.
// A file that another process truncates while it is mapped raises SIGBUS on access: models are to be replaced by
// rename, never rewritten in place.
class FileMap {
 public:
  // Errors: not_found, permission_denied, invalid_argument (a directory or device), internal.
  static Result<FileMap> open(const std::string& path);

  FileMap(FileMap&& other) noexcept;
  FileMap& operator=(FileMap&& other) noexcept;
  ~FileMap();

  // As open, but only a file of this user that nobody else may write, and not through a symbolic link; on huge pages
  // where the file system has them.  For files whose bytes are taken on trust.
  // Errors: as open, and permission_denied for a file of somebody else.
  static Result<FileMap> open_private(const std::string& path);

  std::span<const std::byte> bytes() const { return bytes_; }
  const std::string& path() const { return path_; }
  const FileIdentity& identity() const { return identity_; }  // when the file was opened

  // Gives back the memory that the whole pages of `part` take in this process.  They can be read as before; the first
  // read takes them from the operating system's cache of the file again.  part: within bytes().
  void release(std::span<const std::byte> part) const;

  // Releases everything, and asks that later reads, of a row here and there, bring in no more than what lies near them.
  void expect_few_reads() const;

 private:
  FileMap(std::string path, std::span<const std::byte> bytes, const FileIdentity& identity);
  static Result<FileMap> open_as(const std::string& path, bool is_private);
  void unmap() noexcept;

  std::string path_;
  std::span<const std::byte> bytes_;  // of null when the file is empty
  FileIdentity identity_;
};

}  // namespace sixfold
