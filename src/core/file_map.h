// A whole file, mapped read-only.
#pragma once
#include <cstddef>
#include <span>
#include <string>

#include "core/result.h"

namespace sixfold {

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

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::string& path() const { return path_; }

 private:
  FileMap(std::string path, const std::byte* data, std::size_t size);
  void unmap() noexcept;

  std::string path_;
  const std::byte* data_ = nullptr;  // null when the file is empty
  std::size_t size_ = 0;             // bytes
};

}  // namespace sixfold
