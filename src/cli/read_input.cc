// Reads and writes whole files.
#include "cli/read_input.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "core/error.h"
#include "core/file_map.h"
#include "core/limits.h"

namespace sixfold::cli {
namespace {

Error write_error(const std::string& path) {
  return internal_error("{}: cannot write: {}", path, std::generic_category().message(errno));
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

Status write_file(const std::string& path, const void* bytes, std::size_t count) {
  const std::string partial = path + ".partial";
  std::FILE* file = std::fopen(partial.c_str(), "wb");
  if (file == nullptr) return write_error(path);
  const bool is_written = std::fwrite(bytes, 1, count, file) == count;
  const bool is_closed = std::fclose(file) == 0;
  if (!is_written || !is_closed || std::rename(partial.c_str(), path.c_str()) != 0) {
    const Error error = write_error(path);
    std::remove(partial.c_str());
    return error;
  }
  return ok();
}

}  // namespace sixfold::cli
