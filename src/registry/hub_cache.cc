// Reads and writes the shared layout.
#include "registry/hub_cache.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "core/limits.h"
#include "core/text_file.h"
#include "registry/folders.h"

namespace sixfold::registry {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kCommitDigits = 40;

bool is_commit(std::string_view text) {
  return text.size() == kCommitDigits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// "models--org--name"
std::string folder_name(std::string_view repository) {
  std::string name = "models--";
  for (const char letter : repository) name += letter == '/' ? std::string("--") : std::string(1, letter);
  return name;
}

// The entity tag under which the hub serves a file.
const std::string& tag_of(const RemoteFile& file) {
  return file.sha256.empty() ? file.git_sha1 : file.sha256;
}

}  // namespace

std::string hub_cache_folder(const Environment& environment) {
  if (std::string own = first_set(environment, {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}); !own.empty()) return own;
  if (const std::string home = environment("HF_HOME"); !home.empty()) return home + "/hub";
  if (const std::string xdg = environment("XDG_CACHE_HOME"); xdg.starts_with('/')) return xdg + "/huggingface/hub";
  if (const std::string home = environment("HOME"); !home.empty()) return home + "/.cache/huggingface/hub";
  return {};
}

HubCache::HubCache(std::string folder, HubRevision revision)
    : folder_(fs::absolute(folder).string()), revision_(std::move(revision)) {}

std::string HubCache::repository_folder() const {
  return folder_ + "/" + folder_name(revision_.repository);
}

std::string HubCache::snapshot_folder() const {
  return repository_folder() + "/snapshots/" + revision_.commit;
}

std::optional<std::string> HubCache::find_commit(const std::string& folder, const std::string& repository,
                                                 const std::string& revision) {
  const std::string base = folder + "/" + folder_name(repository);
  auto text = read_text_file(base + "/refs/" + revision, 2 * kCommitDigits);
  std::string commit = text.is_ok() ? std::move(*text) : revision;
  while (!commit.empty() && commit.back() == '\n') commit.pop_back();
  std::error_code error;
  if (!is_commit(commit) || !fs::is_directory(base + "/snapshots/" + commit, error)) return std::nullopt;
  return commit;
}

std::vector<std::string> HubCache::snapshot_files() const {
  std::vector<std::string> files;
  const std::string folder = snapshot_folder();
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::string path = entry->path().string().substr(folder.size() + 1);
    if (files.size() >= limits::kArtifactFilesMax) break;
    if (is_file(entry->path().string()) && check_artifact_path(path, folder).is_ok()) files.push_back(std::move(path));
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::optional<KeptFile> HubCache::find(const RemoteFile& file) const {
  if (!tag_of(file).empty()) {
    const std::string blob = repository_folder() + "/blobs/" + tag_of(file);
    if (is_file(blob) && (!file.bytes || file_bytes(blob) == *file.bytes)) {
      return KeptFile{file.path, blob, file_bytes(blob), file.sha256};
    }
  }
  // Where links are not possible, other programs keep the file itself there.
  const std::string there = snapshot_folder() + "/" + file.path;
  if (!is_file(there) || (file.bytes && file_bytes(there) != *file.bytes)) return std::nullopt;
  return KeptFile{file.path, there, file_bytes(there), ""};
}

Result<DownloadPlace> HubCache::place(const RemoteFile& file) {
  const std::string locks = folder_ + "/.locks/" + folder_name(revision_.repository);
  SIXFOLD_TRY_STATUS(make_folders(locks));
  SIXFOLD_TRY_STATUS(make_folders(repository_folder() + "/blobs"));
  // Not ETAG.incomplete, which other programs go on with from its end: ours is written in several places at once.
  return DownloadPlace{fmt::format("{}/blobs/{}.sixfold.incomplete", repository_folder(), tag_of(file)),
                       fmt::format("{}/{}.lock", locks, tag_of(file))};
}

Result<KeptFile> HubCache::keep(const RemoteFile& file, const std::string& partial, std::uint64_t bytes,
                                const std::string& sha256) {
  const std::string blob = repository_folder() + "/blobs/" + tag_of(file);
  SIXFOLD_TRY_STATUS(move_file(partial, blob));
  return KeptFile{file.path, blob, bytes, sha256};
}

Result<std::string> HubCache::assemble(std::span<const KeptFile> files) {
  const std::string blobs = repository_folder() + "/blobs/";
  for (const KeptFile& file : files) {
    if (!file.blob.starts_with(blobs)) continue;  // it is the snapshot's own
    const std::string link = snapshot_folder() + "/" + file.path;
    SIXFOLD_TRY_STATUS(make_parent_folders(link));
    std::string target = "../../";
    for (const char letter : file.path) target += letter == '/' ? "../" : "";
    SIXFOLD_TRY_STATUS(replace_link(target + "blobs/" + file.blob.substr(blobs.size()), link));
  }
  if (!is_commit(revision_.revision)) {
    const std::string reference = repository_folder() + "/refs/" + revision_.revision;
    SIXFOLD_TRY_STATUS(make_parent_folders(reference));
    SIXFOLD_TRY_STATUS(write_text_file(reference, revision_.commit));
  }
  return snapshot_folder();
}

}  // namespace sixfold::registry
