// Reads a downloaded file once and compares it with what the listing promised.
#pragma once
#include <functional>

#include "core/result.h"
#include "registry/partial_file.h"
#include "registry/source.h"

namespace sixfold::registry {

struct VerifiedFile {
  std::uint64_t bytes = 0;
  std::string sha256;
};

// Errors: corrupt_data for another size, SHA-256 or git hash than `file` names; unavailable when cancelled; internal.
Result<VerifiedFile> verify(const RemoteFile& file, const PartialFile& content,
                            const std::function<bool()>& is_cancelled);

}  // namespace sixfold::registry
