// Small files, read whole; the ones that a folder may lack.
#include "formats/huggingface/json_file.h"

#include <utility>

#include "core/error.h"
#include "core/json.h"
#include "core/text_file.h"

namespace sixfold::formats::huggingface {
namespace {

// The largest are indices of sharded models and vocabularies: some tens of megabytes.
constexpr std::size_t kJsonFileBytesMax = std::size_t{128} << 20;

}  // namespace

Result<std::optional<std::string>> read_text_file_if_any(const std::string& path, std::size_t bytes_max) {
  auto text = read_text_file(path, bytes_max);
  if (text.is_ok()) return std::optional(std::move(*text));
  if (text.error().code == ErrorCode::kNotFound) return std::optional<std::string>();
  return std::move(text).error();
}

Result<std::optional<json::object>> read_json_file(const std::string& path) {
  SIXFOLD_TRY(const auto text, read_text_file_if_any(path, kJsonFileBytesMax));
  if (!text) return std::optional<json::object>();
  SIXFOLD_TRY(json::object object, parse_json_object(*text, path));
  return std::optional(std::move(object));
}

Result<std::optional<json::array>> read_json_array_file(const std::string& path) {
  SIXFOLD_TRY(const auto text, read_text_file_if_any(path, kJsonFileBytesMax));
  if (!text) return std::optional<json::array>();
  SIXFOLD_TRY(json::value value, parse_json(*text, path));
  if (!value.is_array()) return corrupt_data("{}: want a JSON array, got {}", path, shown_json(value));
  return std::optional(std::move(value.get_array()));
}

}  // namespace sixfold::formats::huggingface
