// The list of a pushed model's files, which goes to its folder as the last object: what it names is there, and whole.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "registry/record.h"

namespace sixfold::registry {

inline constexpr std::string_view kPushedListName = "sixfold.json";

std::string pushed_list_json(std::span<const RecordedFile> files);

// Errors: corrupt_data, naming `where`; paths and hashes are checked.
Result<std::vector<RecordedFile>> parse_pushed_list(std::string_view text, std::string_view where);

}  // namespace sixfold::registry
