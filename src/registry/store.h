// The models on this machine: contents by hash, and names that lead to them.  Plain files, so that a person can look,
// and any number of processes can read and write at once.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "registry/environment.h"
#include "registry/file_lock.h"
#include "registry/record.h"
#include "registry/shelf.h"

namespace sixfold::registry {

// FOLDER/blobs/sha256-HEX         contents, each once
// FOLDER/partial/KEY[.json|.lock] downloads that are not whole; KEY tells what they will be
// FOLDER/snapshots/ID/PATH        links into blobs, as a loader wants to see them; ID hashes paths and contents.  A
// file
//                                 that another program keeps (ollama) is linked to where it is
// FOLDER/names/NAME-HASH.json     one Record each
// FOLDER/lock                     shared while something is added, exclusive while something is removed
//
// Thread-safe; constant after construction.
class Store final : public Shelf {
 public:
  // $SIXFOLD_HOME/models, else $XDG_DATA_HOME/sixfold/models, else ~/.local/share/sixfold/models.
  // Errors: invalid_argument when none of these variables is set.
  static Result<Store> open(const Environment& environment);
  explicit Store(std::string folder) : folder_(std::move(folder)) {}

  const std::string& folder() const { return folder_; }

  // Held while files are added, so that nothing of them is removed before a record names them.
  Result<FileLock> lock_for_adding(const std::function<bool()>& is_cancelled) const;

  std::optional<KeptFile> find(const RemoteFile& file) const override;
  Result<DownloadPlace> place(const RemoteFile& file) override;
  Result<KeptFile> keep(const RemoteFile& file, const std::string& partial, std::uint64_t bytes,
                        const std::string& sha256) override;
  Result<std::string> assemble(std::span<const KeptFile> files) override;

  // Nothing for an unknown name, one whose files are gone, or a damaged record.
  std::optional<Record> find_name(std::string_view name) const;
  // Sorted by name.  Damaged records are left out and named in `broken`.
  std::vector<Record> list(std::vector<Error>* broken = nullptr) const;
  // Replaces a record of the same name.
  Status add_name(const Record& record) const;

  struct Removed {
    std::uint64_t bytes = 0;    // freed
    bool is_postponed = false;  // something is being added: what is unused goes with the next removal
  };
  // Removes a name and what no other name uses.  Files of shared caches stay.  Errors: not_found.
  Result<Removed> remove_name(std::string_view name) const;

  // Removes what is left of downloads to which nobody has written since `unix_seconds`, unless a pull is running: it
  // may be about to go on with one.
  Removed remove_partials(std::int64_t unix_seconds) const;

  // The folder of a record, absolute.
  std::string folder_of(const Record& record) const;

 private:
  std::string name_path(std::string_view name) const;
  std::string blob_path(std::string_view sha256) const;
  std::string link_target(const KeptFile& file) const;
  Result<Removed> remove_unused() const;

  std::string folder_;
};

// A name that people give: 1 to 512 bytes of UTF-8 without control characters.  Errors: invalid_argument.
Status check_name(std::string_view name);

}  // namespace sixfold::registry
