// Names, blobs and links as files.
#include "registry/store.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "core/digest.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/text_file.h"
#include "core/utf8.h"
#include "registry/folders.h"

namespace sixfold::registry {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBlobPrefix = "sha256-";
constexpr std::string_view kRecordEnding = ".json";

// Readable at the front, unique at the end: names may have slashes, and may be longer than a file's may.
std::string file_name_of(std::string_view name) {
  constexpr std::size_t kReadableMax = 48;
  constexpr std::size_t kHashDigits = 16;
  std::string readable(name.substr(0, kReadableMax));
  for (char& letter : readable) {
    if (std::isalnum(static_cast<unsigned char>(letter)) == 0 && letter != '.' && letter != '_') letter = '-';
  }
  return readable + "-" + sha256_hex(name).substr(0, kHashDigits) + std::string(kRecordEnding);
}

}  // namespace

Status check_name(std::string_view name) {
  const bool has_control =
      std::any_of(name.begin(), name.end(), [](char letter) { return static_cast<unsigned char>(letter) < 0x20; });
  if (name.empty() || name.size() > limits::kArtifactPathBytesMax || has_control || !is_valid_utf8(name)) {
    return invalid_argument("model name: want 1 to {} bytes of UTF-8 without control characters",
                            limits::kArtifactPathBytesMax);
  }
  return ok();
}

Result<Store> Store::open(const Environment& environment) {
  if (const std::string own = environment("SIXFOLD_HOME"); !own.empty()) {
    return Store(fs::absolute(own).string() + "/models");
  }
  // A relative path is to be ignored: https://specifications.freedesktop.org/basedir-spec/latest/
  if (const std::string xdg = environment("XDG_DATA_HOME"); xdg.starts_with('/')) return Store(xdg + "/sixfold/models");
  if (const std::string home = environment("HOME"); home.starts_with('/')) {
    return Store(home + "/.local/share/sixfold/models");
  }
  return invalid_argument("no place for models: want SIXFOLD_HOME, XDG_DATA_HOME or HOME to be set");
}

std::string Store::blob_path(std::string_view sha256) const {
  return fmt::format("{}/blobs/{}{}", folder_, kBlobPrefix, sha256);
}

std::string Store::name_path(std::string_view name) const {
  return fmt::format("{}/names/{}", folder_, file_name_of(name));
}

std::string Store::folder_of(const Record& record) const {
  return record.is_ours ? folder_ + "/" + record.folder : record.folder;
}

Result<FileLock> Store::lock_for_adding(const std::function<bool()>& is_cancelled) const {
  SIXFOLD_TRY_STATUS(make_folders(folder_));
  return FileLock::acquire(folder_ + "/lock", LockKind::kShared, {}, is_cancelled);
}

std::optional<KeptFile> Store::find(const RemoteFile& file) const {
  if (file.sha256.empty()) return std::nullopt;
  const std::string blob = blob_path(file.sha256);
  if (!is_file(blob)) return std::nullopt;
  return KeptFile{file.path, blob, file_bytes(blob), file.sha256};
}

Result<DownloadPlace> Store::place(const RemoteFile& file) {
  std::string key = file.sha256;
  if (key.empty() && !file.local_path.empty()) key = sha256_hex(file.local_path);
  if (key.empty()) {
    SIXFOLD_TRY(const net::ClientRequest request, file.request(false));
    key = sha256_hex(request.url);
  }
  SIXFOLD_TRY_STATUS(make_folders(folder_ + "/partial"));
  const std::string partial = folder_ + "/partial/" + key;
  return DownloadPlace{partial, partial + ".lock"};
}

Result<KeptFile> Store::keep(const RemoteFile& file, const std::string& partial, std::uint64_t bytes,
                             const std::string& sha256) {
  const std::string blob = blob_path(sha256);
  SIXFOLD_TRY_STATUS(make_parent_folders(blob));
  SIXFOLD_TRY_STATUS(move_file(partial, blob));
  return KeptFile{file.path, blob, bytes, sha256};
}

// Relative, so that the store can be moved; what another program keeps is where it is.
std::string Store::link_target(const KeptFile& file) const {
  if (file.blob != blob_path(file.sha256)) return file.blob;
  std::string target = "../../";
  for (const char letter : file.path) target += letter == '/' ? "../" : "";
  return target + fmt::format("blobs/{}{}", kBlobPrefix, file.sha256);
}

Result<std::string> Store::assemble(std::span<const KeptFile> files) {
  std::string text;
  for (const KeptFile& file : files) text += fmt::format("{}\n{}\n", file.sha256, file.path);
  const std::string folder = "snapshots/" + sha256_hex(text).substr(0, 32);
  for (const KeptFile& file : files) {
    const std::string link = fmt::format("{}/{}/{}", folder_, folder, file.path);
    SIXFOLD_TRY_STATUS(make_parent_folders(link));
    SIXFOLD_TRY_STATUS(replace_link(link_target(file), link));
  }
  return folder;
}

std::optional<Record> Store::find_name(std::string_view name) const {
  const std::string path = name_path(name);
  const auto text = read_text_file(path, limits::kStoreRecordBytesMax);
  if (!text.is_ok()) return std::nullopt;
  auto record = record_from_json(*text, path);
  if (!record.is_ok() || record->name != name) return std::nullopt;
  const std::string folder = folder_of(*record);
  const bool is_whole = std::all_of(record->files.begin(), record->files.end(), [&](const RecordedFile& file) {
    const std::string at = folder + "/" + file.path;
    return is_file(at) && file_bytes(at) == file.bytes;
  });
  if (!is_whole) return std::nullopt;
  return std::move(*record);
}

std::vector<Record> Store::list(std::vector<Error>* broken) const {
  std::vector<Record> records;
  std::error_code error;
  for (fs::directory_iterator entry(folder_ + "/names", error), end; !error && entry != end; entry.increment(error)) {
    const std::string path = entry->path().string();
    if (!path.ends_with(kRecordEnding)) continue;
    const auto text = read_text_file(path, limits::kStoreRecordBytesMax);
    auto record = text.is_ok() ? record_from_json(*text, path) : Result<Record>(text.error());
    if (record.is_ok()) {
      records.push_back(std::move(*record));
    } else if (broken != nullptr) {
      broken->push_back(std::move(record).error());
    }
  }
  std::sort(records.begin(), records.end(), [](const Record& a, const Record& b) { return a.name < b.name; });
  return records;
}

Status Store::add_name(const Record& record) const {
  SIXFOLD_TRY_STATUS(check_name(record.name));
  const std::string path = name_path(record.name);
  SIXFOLD_TRY_STATUS(make_parent_folders(path));
  return write_text_file(path, to_json(record));
}

Result<Store::Removed> Store::remove_name(std::string_view name) const {
  std::error_code error;
  if (!fs::remove(name_path(name), error)) {
    if (error) return permission_denied("{}: {}", name_path(name), error.message());
    return not_found("no model is called \"{}\"; sixfold list shows what there is", name);
  }
  return remove_unused();
}

Store::Removed Store::remove_partials(std::int64_t unix_seconds) const {
  const std::string folder = folder_ + "/partial";
  std::error_code error;
  if (!fs::is_directory(folder, error)) return {};
  // Pulls share this lock, so that none is between looking at a partial file and opening it.
  const auto lock = FileLock::try_acquire(folder_ + "/lock", LockKind::kExclusive);
  if (!lock.is_ok() || !*lock) return {.is_postponed = true};
  std::set<std::string> recent;  // keys: of a file, its note and its lock, some may be older
  std::vector<fs::path> paths;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    paths.push_back(entry->path());
    if (modified_at(entry->path().string()) >= unix_seconds) recent.insert(entry->path().stem().string());
  }
  Removed removed;
  for (const fs::path& path : paths) {
    if (recent.contains(path.stem().string())) continue;
    const std::uint64_t bytes = file_bytes(path.string());
    std::error_code ignored;
    if (fs::remove(path, ignored)) removed.bytes += bytes;
  }
  return removed;
}

Result<Store::Removed> Store::remove_unused() const {
  SIXFOLD_TRY(const auto lock, FileLock::try_acquire(folder_ + "/lock", LockKind::kExclusive));
  if (!lock) return Removed{.is_postponed = true};
  std::vector<Error> broken;
  std::set<std::string> folders, blobs;
  for (const Record& record : list(&broken)) {
    if (!record.is_ours) continue;
    folders.insert(record.folder);
    for (const RecordedFile& file : record.files) blobs.insert(std::string(kBlobPrefix) + file.sha256);
  }
  // What a damaged record used cannot be told.
  if (!broken.empty()) return Removed{.is_postponed = true};
  Removed removed;
  std::error_code error;
  for (fs::directory_iterator entry(folder_ + "/snapshots", error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (!folders.contains("snapshots/" + entry->path().filename().string())) fs::remove_all(entry->path(), ignored);
  }
  error.clear();
  for (fs::directory_iterator entry(folder_ + "/blobs", error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    const std::string blob = entry->path().filename().string();
    if (!blob.starts_with(kBlobPrefix) || blobs.contains(blob)) continue;
    const std::uint64_t bytes = file_bytes(entry->path().string());
    if (fs::remove(entry->path(), ignored)) removed.bytes += bytes;
  }
  return removed;
}

}  // namespace sixfold::registry
