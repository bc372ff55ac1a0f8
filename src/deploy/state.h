// What was deployed: revisions with their files and the steps that are done, in a folder beside the manifest.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "deploy/target.h"

namespace sixfold::deploy {

// Of one rendered file, and of the list of revisions.
inline constexpr std::size_t kRenderedBytesMax = 16u << 20;

struct Revision {
  enum class Status { kPartial, kComplete, kUndone };
  std::uint64_t number = 0;
  std::int64_t created = 0;  // unix seconds
  std::string digest;        // of all files, as digest_of
  Status status = Status::kPartial;
  std::vector<std::string> done;     // names of steps, in order
  std::uint64_t rolled_back_to = 0;  // the revision whose files these are; 0: it was rendered
};

std::string_view status_name(Revision::Status status);

// Of paths and texts.
std::string digest_of(const std::vector<RenderedFile>& files);

// One target of one manifest.  One thread; who changes it holds a FileLock on lock_path().
class DeployState {
 public:
  // folder: ".sixfold/NAME/TARGET" beside the manifest; need not exist.  Errors: corrupt_data, those of files.
  static Result<DeployState> open(const std::string& folder);

  const std::vector<Revision>& revisions() const { return revisions_; }  // oldest first
  // The newest; null when there is none, or what was deployed is undone.
  const Revision* current() const;
  const Revision* find(std::uint64_t number) const;
  // The newest complete one before the current; null when there is none.
  const Revision* previous() const;

  // The newest before `number` that is not undone; null when there is none.
  const Revision* before(std::uint64_t number) const;

  Result<std::vector<RenderedFile>> files_of(std::uint64_t number) const;
  std::string folder_of(std::uint64_t number) const;
  std::string work_folder() const { return folder_ + "/work"; }  // see StepContext
  std::string lock_path() const { return folder_ + "/lock"; }

  // Writes the files, then the list.  Returns the number.  Errors: those of files; invalid_argument for a path that
  // leads out of the folder.
  Result<std::uint64_t> begin(const std::vector<RenderedFile>& files, std::int64_t now, std::uint64_t rolled_back_to);
  Status mark_done(std::uint64_t number, const std::string& step);
  Status mark_undone(std::uint64_t number, const std::string& step);  // a step was taken back
  Status set_status(std::uint64_t number, Revision::Status status);

 private:
  explicit DeployState(std::string folder) : folder_(std::move(folder)) {}
  Revision* revision(std::uint64_t number);
  Status save() const;
  void forget_oldest();

  std::string folder_;
  std::vector<Revision> revisions_;
};

// Writes files below `folder`.  Errors: as DeployState::begin.
Status write_files(const std::string& folder, const std::vector<RenderedFile>& files);

}  // namespace sixfold::deploy
