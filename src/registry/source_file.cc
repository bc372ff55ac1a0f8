// file:PATH: a GGUF file or a model's folder of this machine, copied into the store.
#include <algorithm>
#include <filesystem>
#include <system_error>

#include "core/error.h"
#include "core/limits.h"
#include "registry/file_choice.h"
#include "registry/folders.h"
#include "registry/source_list.h"

namespace sixfold::registry {
namespace {

namespace fs = std::filesystem;

RemoteFile local_file(const std::string& name, const std::string& path) {
  return {.path = name, .bytes = file_bytes(path), .local_path = path};
}

}  // namespace

Result<RemoteArtifact> resolve_file(const std::string& rest, const SourceContext&) {
  std::error_code error;
  const std::string path = fs::weakly_canonical(rest, error).string();
  RemoteArtifact artifact{.source = "file:" + path, .revision = {}};
  if (is_file(path)) {
    artifact.files.push_back(local_file(fs::path(path).filename().string(), path));
    return artifact;
  }
  if (!fs::is_directory(path, error)) return not_found("{}: no such file or folder", rest);
  std::vector<std::string> names;
  for (fs::recursive_directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    if (names.size() >= limits::kArtifactFilesMax) {
      return resource_exhausted("{}: want at most {} files", rest, limits::kArtifactFilesMax);
    }
    if (is_file(entry->path().string())) names.push_back(fs::relative(entry->path(), path, error).string());
  }
  std::sort(names.begin(), names.end());
  SIXFOLD_TRY(const auto chosen, choose_files(names, {}, artifact.source));
  for (const std::string& name : chosen) artifact.files.push_back(local_file(name, path + "/" + name));
  return artifact;
}

}  // namespace sixfold::registry
