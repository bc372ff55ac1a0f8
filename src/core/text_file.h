// Small text files, read whole.
#pragma once
#include <cstddef>
#include <string>

#include "core/result.h"

namespace sixfold {

// Errors: those of FileMap::open; resource_exhausted for more than bytes_max.
Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max);

// Of a file that the system makes up while it is read (/proc, /sys); "" when there is none.
std::string first_line(const std::string& path);

}  // namespace sixfold
