// Whole files and standard input.
#pragma once
#include <cstddef>
#include <span>
#include <string>

#include "core/result.h"

namespace sixfold::cli {

// path "" or "-": standard input to its end.  Errors: as FileMap::open; invalid_argument above
// limits::kTokenizeBytesMax.
Result<std::string> read_file_or_stdin(const std::string& path);

// Replaces the file in one step, so that no half file is left; a pipe or device ("/dev/stdout") is written to as it is.
// Errors: not_found (no such folder), permission_denied, resource_exhausted (disk full), internal.
Status write_file(const std::string& path, std::span<const std::byte> bytes);

}  // namespace sixfold::cli
