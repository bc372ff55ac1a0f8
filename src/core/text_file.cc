// Through a map; what has no size is read as a stream.
#include "core/text_file.h"

#include <fstream>

#include "core/error.h"
#include "core/file_map.h"

namespace sixfold {

Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max) {
  SIXFOLD_TRY(const FileMap map, FileMap::open(path));
  if (map.bytes().size() > bytes_max) {
    return resource_exhausted("{}: want at most {} bytes, got {}", path, bytes_max, map.bytes().size());
  }
  return std::string(reinterpret_cast<const char*>(map.bytes().data()), map.bytes().size());
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace sixfold
