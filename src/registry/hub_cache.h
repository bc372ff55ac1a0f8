// The cache that programs for the Hugging Face Hub share on one machine.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "registry/environment.h"
#include "registry/shelf.h"
#include "registry/source.h"

namespace sixfold::registry {

// HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, $HF_HOME/hub, $XDG_CACHE_HOME/huggingface/hub or ~/.cache/huggingface/hub; ""
// when none of these is set.
std::string hub_cache_folder(const Environment& environment);

// One revision of one repository:
//   models--org--name/blobs/ETAG            contents by SHA-256, or by git's hash where there is no other
//   models--org--name/snapshots/COMMIT/PATH relative links into blobs
//   models--org--name/refs/REVISION         the commit
//   .locks/models--org--name/ETAG.lock
// Source: huggingface_hub, "Understand caching".
class HubCache final : public Shelf {
 public:
  // folder: of all repositories.  revision.repository and .revision hold check_artifact_path; commit is hex.
  HubCache(std::string folder, HubRevision revision);

  // The commit that `revision` meant when somebody last asked, or which it is; nothing when unknown.
  static std::optional<std::string> find_commit(const std::string& folder, const std::string& repository,
                                                const std::string& revision);
  // Paths of the whole files of a snapshot.
  std::vector<std::string> snapshot_files() const;
  std::string snapshot_folder() const;

  std::optional<KeptFile> find(const RemoteFile& file) const override;
  Result<DownloadPlace> place(const RemoteFile& file) override;
  Result<KeptFile> keep(const RemoteFile& file, const std::string& partial, std::uint64_t bytes,
                        const std::string& sha256) override;
  Result<std::string> assemble(std::span<const KeptFile> files) override;

 private:
  std::string repository_folder() const;

  const std::string folder_;
  const HubRevision revision_;
};

}  // namespace sixfold::registry
