// A file that replaces another in one step: readers see the old one or the whole new one.
#pragma once
#include <cstddef>
#include <span>
#include <string>

#include "core/result.h"

namespace sixfold::formats {

// One thread.  Dropped without commit, it leaves nothing behind.
class FileReplacement {
 public:
  // Creates a temporary file in the folder of `path`.  Errors: not_found, permission_denied, internal.
  static Result<FileReplacement> begin(const std::string& path);

  FileReplacement(FileReplacement&& other) noexcept;
  FileReplacement& operator=(FileReplacement&&) = delete;
  ~FileReplacement();

  // Errors: resource_exhausted (disk full), internal.
  Status write(std::span<const std::byte> bytes);

  // Syncs, and renames over the path.
  Status commit();

 private:
  FileReplacement(std::string path, std::string temporary, int file);

  std::string path_;
  std::string temporary_;  // empty once committed or moved from
  int file_ = -1;
};

}  // namespace sixfold::formats
