// Through a map of the source, in blocks.
#include "registry/copy_local.h"

#include <algorithm>

#include "core/error.h"
#include "core/file_map.h"

namespace sixfold::registry {

Status copy_local(const std::string& from, PartialFile& target, const std::function<bool()>& is_cancelled,
                  const DownloadProgress& progress) {
  constexpr std::size_t kBlockBytes = std::size_t{16} << 20;
  SIXFOLD_TRY(const FileMap map, FileMap::open(from));
  SIXFOLD_TRY_STATUS(target.restart());
  SIXFOLD_TRY_STATUS(target.reserve(map.bytes().size()));
  for (std::size_t at = 0; at < map.bytes().size(); at += kBlockBytes) {
    if (is_cancelled && is_cancelled()) return unavailable("{}: stopped", from);
    SIXFOLD_TRY_STATUS(target.write(at, map.bytes().subspan(at, std::min(kBlockBytes, map.bytes().size() - at))));
    if (progress) progress(at, map.bytes().size());
  }
  return ok();
}

}  // namespace sixfold::registry
