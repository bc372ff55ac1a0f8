// Small steps with folders and links, as Results.
#pragma once
#include <cstdint>
#include <string>

#include "core/result.h"

namespace sixfold::registry {

// With its parents.  Errors: permission_denied, resource_exhausted, internal.
Status make_folders(const std::string& path);
Status make_parent_folders(const std::string& path);

// A file or link that is replaced in one step.
Status replace_link(const std::string& target, const std::string& path);
Status move_file(const std::string& from, const std::string& to);
Status write_text_file(const std::string& path, const std::string& text);

bool is_file(const std::string& path);  // through links
std::uint64_t file_bytes(const std::string& path);
// When it was last written to, in seconds since 1970; 0 when there is no such file.
std::int64_t modified_at(const std::string& path);

// Errors: resource_exhausted unless the disk of `folder` has room for `bytes` and a little to spare.
Status check_disk_room(const std::string& folder, std::uint64_t bytes);

}  // namespace sixfold::registry
