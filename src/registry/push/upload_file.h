// A file that is being sent, in parts and perhaps more than once.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "core/result.h"
#include "net/http_client_types.h"

namespace sixfold::registry {

// How much of the whole model has been sent, and of which file.
using CountSent = std::function<void(std::uint64_t bytes_of_file)>;

// Bytes [offset, offset + bytes) of what is sent, as a body.
using UploadContent = std::function<net::BodyReader(std::uint64_t offset, std::uint64_t bytes)>;

// text must outlive it.
UploadContent content_of_text(const std::string& text);

// One thread.
class UploadFile {
 public:
  // Errors: not_found, permission_denied, invalid_argument (no regular file).
  static Result<UploadFile> open(const std::string& path);

  UploadFile(UploadFile&& other) noexcept;
  UploadFile& operator=(UploadFile&&) = delete;
  ~UploadFile();

  std::uint64_t bytes() const { return bytes_; }  // when it was opened
  const std::string& path() const { return path_; }

  // Fills all of `into`.  Errors: as of reader().
  Status read(std::uint64_t offset, std::span<std::byte> into) const;

  // [offset, offset + bytes) as a body; this must outlive it.  count: told how far reading came, if set.  Reading fails
  // with corrupt_data when the file became shorter.
  net::BodyReader reader(std::uint64_t offset, std::uint64_t bytes, CountSent count) const;

  // Of [offset, offset + bytes), in hex.  count: told how many of them were read, if set.  Errors: as reading;
  // unavailable (cancelled).
  Result<std::string> sha256(std::uint64_t offset, std::uint64_t bytes, const std::function<bool()>& is_cancelled,
                             const CountSent& count = {}) const;

 private:
  UploadFile(std::string path, int file, std::uint64_t bytes) : path_(std::move(path)), file_(file), bytes_(bytes) {}

  std::string path_;
  int file_;
  std::uint64_t bytes_;
};

}  // namespace sixfold::registry
