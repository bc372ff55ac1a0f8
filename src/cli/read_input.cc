// Reads and writes whole files.
#include "cli/read_input.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "core/error.h"
#include "core/file_map.h"
#include "core/limits.h"
#include "formats/file_replacement.h"

namespace sixfold::cli {
namespace {

Status write_to_device(const std::string& path, std::span<const std::byte> bytes) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return internal_error("{}: cannot open: {}", path, std::generic_category().message(errno));
  const bool is_written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  if (const bool is_closed = std::fclose(file) == 0; is_written && is_closed) return ok();
  return resource_exhausted("{}: cannot write {} bytes: {}", path, bytes.size(),
                            std::generic_category().message(errno));
}

}  // namespace

Result<std::string> read_file_or_stdin(const std::string& path) {
  if (!path.empty() && path != "-") {
    SIXFOLD_TRY(const FileMap file, FileMap::open(path));
    const auto bytes = file.bytes();
    if (bytes.size() > limits::kTokenizeBytesMax) {
      return invalid_argument("{}: want at most {} bytes of text, got {}", path, limits::kTokenizeBytesMax,
                              bytes.size());
    }
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  std::string text;
  std::array<char, 1 << 16> buffer{};
  while (true) {
    const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return internal_error("standard input: {}", std::generic_category().message(errno));
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > limits::kTokenizeBytesMax) {
      return invalid_argument("standard input: want at most {} bytes of text", limits::kTokenizeBytesMax);
    }
  }
}

Status write_file(const std::string& path, std::span<const std::byte> bytes) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(path, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) return write_to_device(path, bytes);
  SIXFOLD_TRY(formats::FileReplacement file, formats::FileReplacement::begin(path));
  SIXFOLD_TRY_STATUS(file.write(bytes));
  return file.commit();
}

}  // namespace sixfold::cli
