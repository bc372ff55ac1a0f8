// JSON files of a model folder.
#pragma once
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <optional>
#include <string>

#include "core/result.h"

namespace sixfold::formats::huggingface {

// The text of a file; nothing when there is no such file.
// Errors: corrupt_data when it is larger than bytes_max; those of FileMap::open.
Result<std::optional<std::string>> read_text_file(const std::string& path, std::uint64_t bytes_max);

// Its object, or its array; nothing when there is no such file.
// Errors: as above, and corrupt_data for anything but one JSON value of that kind.
Result<std::optional<boost::json::object>> read_json_file(const std::string& path);

Result<std::optional<boost::json::array>> read_json_array_file(const std::string& path);

}  // namespace sixfold::formats::huggingface
