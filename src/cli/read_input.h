// Whole files and standard input.
#pragma once
#include <string>

#include "core/result.h"

namespace sixfold::cli {

// path "" or "-": standard input to its end.  Errors: as FileMap::open; invalid_argument above
// limits::kTokenizeBytesMax.
Result<std::string> read_file_or_stdin(const std::string& path);

// Writes via a temporary file beside it and a rename, so that no half file is left.  Errors: internal with the reason
// ("No space left on device").
Status write_file(const std::string& path, const void* bytes, std::size_t count);

}  // namespace sixfold::cli
