// Reads small files whole.
#include "formats/huggingface/json_file.h"

#include <utility>

#include "core/error.h"
#include "core/file_map.h"
#include "formats/strict_json.h"

namespace sixfold::formats::huggingface {
namespace {

// The largest are indices of sharded models and vocabularies: some tens of megabytes.
constexpr std::uint64_t kJsonFileBytesMax = std::uint64_t{128} << 20;

}  // namespace

Result<std::optional<std::string>> read_text_file(const std::string& path, std::uint64_t bytes_max) {
  auto file = FileMap::open(path);
  if (!file.is_ok()) {
    if (file.error().code == ErrorCode::kNotFound) return std::optional<std::string>();
    return std::move(file).error();
  }
  const auto bytes = file->bytes();
  if (bytes.size() > bytes_max) return corrupt_data("{}: want at most {} bytes, got {}", path, bytes_max, bytes.size());
  return std::optional<std::string>(std::in_place, reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

namespace {

Result<std::optional<boost::json::value>> read_value(const std::string& path) {
  SIXFOLD_TRY(const std::optional<std::string> text, read_text_file(path, kJsonFileBytesMax));
  if (!text) return std::optional<boost::json::value>();
  SIXFOLD_TRY(boost::json::value value, parse_strict_json(*text, path));
  return std::optional<boost::json::value>(std::move(value));
}

}  // namespace

Result<std::optional<boost::json::object>> read_json_file(const std::string& path) {
  SIXFOLD_TRY(auto value, read_value(path));
  if (!value) return std::optional<boost::json::object>();
  if (!value->is_object()) return corrupt_data("{}: want one JSON object, got another value", path);
  return std::optional<boost::json::object>(std::move(value->get_object()));
}

Result<std::optional<boost::json::array>> read_json_array_file(const std::string& path) {
  SIXFOLD_TRY(auto value, read_value(path));
  if (!value) return std::optional<boost::json::array>();
  if (!value->is_array()) return corrupt_data("{}: want one JSON array, got another value", path);
  return std::optional<boost::json::array>(std::move(value->get_array()));
}

}  // namespace sixfold::formats::huggingface
