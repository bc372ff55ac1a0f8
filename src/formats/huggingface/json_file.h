// Text and JSON files of a model folder, which need not be there.
#pragma once
#include <optional>
#include <string>

#include "core/json.h"
#include "core/result.h"

namespace sixfold::formats::huggingface {

// The text of a file; nothing when there is no such file.  Errors: those of read_text_file.
Result<std::optional<std::string>> read_text_file_if_any(const std::string& path, std::size_t bytes_max);

// Its object, or its array; nothing when there is no such file.
// Errors: as above, and corrupt_data for anything but one JSON value of that kind.
Result<std::optional<json::object>> read_json_file(const std::string& path);
Result<std::optional<json::array>> read_json_array_file(const std::string& path);

}  // namespace sixfold::formats::huggingface
