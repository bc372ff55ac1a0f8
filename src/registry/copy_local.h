// Copies a file of this machine where a download would have gone.
#pragma once
#include <functional>
#include <string>

#include "core/result.h"
#include "registry/download.h"
#include "registry/partial_file.h"

namespace sixfold::registry {

// Errors: not_found, permission_denied, invalid_argument (no regular file), resource_exhausted (disk full),
// unavailable (cancelled).
Status copy_local(const std::string& from, PartialFile& target, const std::function<bool()>& is_cancelled,
                  const DownloadProgress& progress);

}  // namespace sixfold::registry
