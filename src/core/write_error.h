// What the system says when a file cannot be created or written.
#pragma once
#include <string>

#include "core/result.h"

namespace sixfold {

// The error that errno stands for, "PATH: WHAT failed: ...": not_found (no such folder), permission_denied,
// resource_exhausted (disk full), internal.  Call it before anything else can change errno.
Error write_error(const std::string& path, const char* what);

}  // namespace sixfold
