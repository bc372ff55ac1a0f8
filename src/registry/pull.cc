// One file after the other; each file on several connections.
#include "registry/pull.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/error.h"
#include "net/url.h"
#include "registry/catalogue.h"
#include "registry/download.h"
#include "registry/folders.h"
#include "registry/hub_cache.h"
#include "registry/source_list.h"

namespace sixfold::registry {
namespace {

constexpr std::int64_t kPartialDays = 14;
constexpr std::int64_t kSecondsPerDay = 86400;

class Puller {
 public:
  Puller(Shelf& shelf, const RemoteArtifact& artifact, const PullOptions& options)
      : shelf_(shelf), artifact_(artifact), options_(options) {
    for (const RemoteFile& file : artifact.files) {
      total_ += file.bytes.value_or(0);
      has_sizes_ = has_sizes_ && file.bytes.has_value();
    }
  }

  Result<std::vector<KeptFile>> run() {
    SIXFOLD_TRY_STATUS(check_room());
    std::vector<KeptFile> kept;
    for (const RemoteFile& file : artifact_.files) {
      SIXFOLD_TRY(KeptFile one, get(file));
      done_ += one.bytes;
      kept.push_back(std::move(one));
    }
    return kept;
  }

 private:
  // Before the first byte rather than after an hour.
  Status check_room() const {
    std::uint64_t missing = 0;
    std::string folder;
    for (const RemoteFile& file : artifact_.files) {
      if (!file.bytes || file.is_linked || shelf_.find(file)) continue;
      SIXFOLD_TRY(const DownloadPlace place, shelf_.place(file));
      missing += *file.bytes;
      const std::uint64_t there = file_bytes(place.partial);  // reserved already
      missing -= std::min(*file.bytes, there);
      folder = place.partial.substr(0, place.partial.rfind('/'));
    }
    return folder.empty() ? ok() : check_disk_room(folder, missing);
  }

  Result<KeptFile> get(const RemoteFile& file) {
    if (auto found = shelf_.find(file)) return *std::move(found);
    if (file.is_linked) return KeptFile{file.path, file.local_path, file_bytes(file.local_path), file.sha256};
    SIXFOLD_TRY(const DownloadPlace place, shelf_.place(file));
    const auto say_waiting = [&] {
      options_.context.note(fmt::format("{}: another process is downloading it; waiting", file.path));
    };
    SIXFOLD_TRY(const FileLock lock,
                FileLock::acquire(place.lock, LockKind::kExclusive, say_waiting, options_.context.http.is_cancelled));
    if (auto found = shelf_.find(file)) return *std::move(found);
    const DownloadOptions download_options{.http = artifact_.http.value_or(options_.context.http),
                                           .connections = options_.connections,
                                           .part_bytes_min = options_.part_bytes_min};
    SIXFOLD_TRY(const DownloadedFile downloaded,
                download(file, place.partial, download_options,
                         [&](std::uint64_t done, std::uint64_t total) { report(file, done, total); }));
    return shelf_.keep(file, place.partial, downloaded.bytes, downloaded.sha256);
  }

  void report(const RemoteFile& file, std::uint64_t done, std::uint64_t total) const {
    if (!options_.progress) return;
    const bool is_only = artifact_.files.size() == 1;
    options_.progress({.file = file.path,
                       .done = done_ + done,
                       .total = has_sizes_ ? total_
                                : is_only  ? total
                                           : 0,
                       .file_done = done,
                       .file_total = total,
                       .file_sha256 = file.sha256});
  }

  Shelf& shelf_;
  const RemoteArtifact& artifact_;
  const PullOptions& options_;
  std::uint64_t total_ = 0;
  std::uint64_t done_ = 0;
  bool has_sizes_ = true;
};

// What nobody has gone on with for so long takes room for nothing.
void remove_old_partials(const Store& store, const SourceContext& context) {
  const std::int64_t now = context.http.clock->unix_seconds();
  const Store::Removed removed = store.remove_partials(now - kPartialDays * kSecondsPerDay);
  if (removed.bytes == 0) return;
  context.note(fmt::format("removed {} bytes of downloads that nobody has gone on with for {} days", removed.bytes,
                           kPartialDays));
}

Result<RemoteArtifact> resolve(const std::string& source, const SourceContext& context) {
  const SourceRow* row = find_source(source);
  if (row == nullptr) {
    std::string forms;
    for (const SourceRow& known : source_rows()) forms += fmt::format("\n  {}", known.form);
    return invalid_argument("model source \"{}\": want a name of the catalogue (sixfold list --catalog) or one of{}",
                            net::shown_url(source), forms);
  }
  SIXFOLD_TRY(RemoteArtifact artifact, row->resolve(source.substr(row->scheme.size()), context));
  SIXFOLD_TRY_STATUS(check_artifact(artifact));
  return artifact;
}

}  // namespace

Result<Record> pull(Store& store, const std::string& source, const std::string& name, const PullOptions& options) {
  const CatalogueEntry* entry = find_in_catalogue(source);
  remove_old_partials(store, options.context);
  SIXFOLD_TRY(const FileLock adding, store.lock_for_adding(options.context.http.is_cancelled));
  SIXFOLD_TRY(RemoteArtifact artifact,
              resolve(entry != nullptr ? std::string(entry->source) : source, options.context));
  std::optional<HubCache> hub;
  if (artifact.hub) hub.emplace(hub_cache_folder(options.context.environment), *artifact.hub);
  Shelf& shelf = hub ? static_cast<Shelf&>(*hub) : store;

  Record record{
      .name = !name.empty()      ? name
              : entry != nullptr ? std::string(entry->name)
                                 : artifact.source,
      .source = artifact.source,
      .revision = artifact.revision,
      .license = artifact.license.empty() && entry != nullptr ? std::string(entry->license) : artifact.license,
      .pulled_at = options.context.http.clock->unix_seconds(),
      .folder = {},
      .is_ours = !hub,
      .files = {}};
  SIXFOLD_TRY_STATUS(check_name(record.name));
  SIXFOLD_TRY(const std::vector<KeptFile> kept, Puller(shelf, artifact, options).run());
  SIXFOLD_TRY(record.folder, shelf.assemble(kept));
  for (const KeptFile& file : kept) record.files.push_back({file.path, file.bytes, file.sha256});
  SIXFOLD_TRY_STATUS(store.add_name(record));
  return record;
}

}  // namespace sixfold::registry
