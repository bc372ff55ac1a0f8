// Which files a client may name when it loads an adapter.
#pragma once
#include <string>

#include "core/result.h"

namespace sixfold::service {

// The path, made absolute, of a file or folder inside `folder`; relative ones begin there.  Links are followed first,
// those of an adapter's own files too, so none leads out.
// Errors: not_found, in the same words for what does not exist and for what lies outside.
Result<std::string> path_inside(const std::string& folder, const std::string& path);

}  // namespace sixfold::service
