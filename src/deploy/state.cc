// state.json is replaced whole, so that a cut leaves the old one; files of a revision are written before it is named.
#include "deploy/state.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/digest.h"
#include "core/error.h"
#include "core/file_map.h"
#include "core/json.h"
#include "core/text_file.h"
#include "registry/folders.h"

namespace sixfold::deploy {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kRevisionsKept = 20;
constexpr std::array<std::string_view, 3> kStatusNames = {"partial", "complete", "undone"};

// A relative path of harmless parts.
bool is_safe_path(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.find('\0') != std::string_view::npos) return false;
  for (const fs::path& part : fs::path(path)) {
    if (part == ".." || part == "." || part.empty()) return false;
  }
  return true;
}

Result<Revision> revision_of(const json::value& value, const std::string& where) {
  const json::object* object = value.if_object();
  if (object == nullptr) return corrupt_data("{}: want a revision as an object, got {}", where, shown_json(value));
  Revision revision;
  const auto number = count_at(*object, "number");
  const std::string status = text_at(*object, "status");
  const auto known = std::find(kStatusNames.begin(), kStatusNames.end(), status);
  if (!number || *number == 0 || known == kStatusNames.end()) {
    return corrupt_data("{}: want a revision with its number and status", where);
  }
  revision.number = *number;
  revision.status = static_cast<Revision::Status>(known - kStatusNames.begin());
  revision.created = static_cast<std::int64_t>(count_at(*object, "created").value_or(0));
  revision.digest = text_at(*object, "digest");
  revision.rolled_back_to = count_at(*object, "rolled_back_to").value_or(0);
  if (const json::array* done = array_at(*object, "done")) {
    for (const json::value& step : *done) {
      if (step.is_string()) revision.done.emplace_back(step.get_string());
    }
  }
  return revision;
}

Error file_error(const std::string& path, const std::error_code& error) {
  return internal_error("{}: {}", path, error.message());
}

}  // namespace

std::string_view status_name(Revision::Status status) {
  return kStatusNames[static_cast<std::size_t>(status)];
}

std::string digest_of(const std::vector<RenderedFile>& files) {
  Hasher hasher;
  for (const RenderedFile& file : files) {
    hasher.add(fmt::format("{}\n{}\n", file.path, file.text.size()));
    hasher.add(file.text);
  }
  return hasher.finish();
}

Status write_files(const std::string& folder, const std::vector<RenderedFile>& files) {
  for (const RenderedFile& file : files) {
    if (!is_safe_path(file.path)) return invalid_argument("\"{}\": want a path below the folder", file.path);
    const std::string path = folder + "/" + file.path;
    SIXFOLD_TRY_STATUS(registry::make_parent_folders(path));
    SIXFOLD_TRY_STATUS(registry::write_text_file(path, file.text));
  }
  return ok();
}

Result<DeployState> DeployState::open(const std::string& folder) {
  DeployState state(folder);
  const std::string path = folder + "/state.json";
  if (!registry::is_file(path)) return state;
  SIXFOLD_TRY(const std::string text, read_text_file(path, kRenderedBytesMax));
  SIXFOLD_TRY(const json::object document, parse_json_object(text, path));
  if (const json::array* revisions = array_at(document, "revisions")) {
    for (const json::value& value : *revisions) {
      SIXFOLD_TRY(Revision revision, revision_of(value, path));
      if (!state.revisions_.empty() && revision.number <= state.revisions_.back().number) {
        return corrupt_data("{}: want revisions in order, got {} after {}", path, revision.number,
                            state.revisions_.back().number);
      }
      state.revisions_.push_back(std::move(revision));
    }
  }
  return state;
}

const Revision* DeployState::current() const {
  if (revisions_.empty() || revisions_.back().status == Revision::Status::kUndone) return nullptr;
  return &revisions_.back();
}

const Revision* DeployState::find(std::uint64_t number) const {
  const auto found = std::find_if(revisions_.begin(), revisions_.end(),
                                  [&](const Revision& revision) { return revision.number == number; });
  return found == revisions_.end() ? nullptr : &*found;
}

const Revision* DeployState::previous() const {
  for (auto revision = revisions_.rbegin(); revision != revisions_.rend(); ++revision) {
    if (&*revision == current() || revision->status != Revision::Status::kComplete) continue;
    if (current() != nullptr && revision->digest == current()->digest) continue;
    return &*revision;
  }
  return nullptr;
}

const Revision* DeployState::before(std::uint64_t number) const {
  for (auto revision = revisions_.rbegin(); revision != revisions_.rend(); ++revision) {
    if (revision->number >= number) continue;
    return revision->status == Revision::Status::kUndone ? nullptr : &*revision;
  }
  return nullptr;
}

Revision* DeployState::revision(std::uint64_t number) {
  const Revision* found = find(number);
  return found == nullptr ? nullptr : &revisions_[static_cast<std::size_t>(found - revisions_.data())];
}

std::string DeployState::folder_of(std::uint64_t number) const {
  return fmt::format("{}/revisions/{}", folder_, number);
}

Result<std::vector<RenderedFile>> DeployState::files_of(std::uint64_t number) const {
  const fs::path folder = folder_of(number);
  std::vector<RenderedFile> files;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(folder, error); entry != fs::recursive_directory_iterator();
       entry.increment(error)) {
    if (error) return file_error(folder.string(), error);
    if (!entry->is_regular_file(error)) continue;
    SIXFOLD_TRY(std::string text, read_text_file(entry->path().string(), kRenderedBytesMax));
    files.push_back({entry->path().lexically_relative(folder).generic_string(), std::move(text)});
  }
  if (error) return file_error(folder.string(), error);
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  const Revision* revision = find(number);
  if (revision == nullptr || digest_of(files) != revision->digest) {
    return corrupt_data("{}: the files are not those of revision {}; somebody changed them", folder.string(), number);
  }
  return files;
}

Result<std::uint64_t> DeployState::begin(const std::vector<RenderedFile>& files, std::int64_t now,
                                         std::uint64_t rolled_back_to) {
  Revision made;
  made.number = revisions_.empty() ? 1 : revisions_.back().number + 1;
  made.created = now;
  std::vector<RenderedFile> sorted = files;
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  made.digest = digest_of(sorted);
  made.rolled_back_to = rolled_back_to;
  // What a cut may have left there belongs to nobody.
  std::error_code error;
  fs::remove_all(folder_of(made.number), error);
  if (error) return file_error(folder_of(made.number), error);
  SIXFOLD_TRY_STATUS(write_files(folder_of(made.number), sorted));
  revisions_.push_back(made);
  forget_oldest();
  SIXFOLD_TRY_STATUS(save());
  return made.number;
}

// The list is saved before files go, by whoever calls; a folder that stays is no harm.
void DeployState::forget_oldest() {
  while (revisions_.size() > kRevisionsKept) {
    std::error_code ignored;
    fs::remove_all(folder_of(revisions_.front().number), ignored);
    revisions_.erase(revisions_.begin());
  }
}

Status DeployState::mark_done(std::uint64_t number, const std::string& step) {
  Revision* own = revision(number);
  if (own == nullptr) return internal_error("no revision {}", number);
  if (std::find(own->done.begin(), own->done.end(), step) == own->done.end()) own->done.push_back(step);
  return save();
}

Status DeployState::mark_undone(std::uint64_t number, const std::string& step) {
  Revision* own = revision(number);
  if (own == nullptr) return internal_error("no revision {}", number);
  std::erase(own->done, step);
  return save();
}

Status DeployState::set_status(std::uint64_t number, Revision::Status status) {
  Revision* own = revision(number);
  if (own == nullptr) return internal_error("no revision {}", number);
  own->status = status;
  return save();
}

Status DeployState::save() const {
  json::array revisions;
  for (const Revision& revision : revisions_) {
    json::object object = {{"number", revision.number},
                           {"created", revision.created},
                           {"digest", revision.digest},
                           {"status", status_name(revision.status)}};
    if (revision.rolled_back_to != 0) object["rolled_back_to"] = revision.rolled_back_to;
    object["done"] = json::array(revision.done.begin(), revision.done.end());
    revisions.push_back(std::move(object));
  }
  SIXFOLD_TRY_STATUS(registry::make_folders(folder_));
  return registry::write_text_file(
      folder_ + "/state.json",
      json::serialize(json::object{{"version", 1}, {"revisions", std::move(revisions)}}) + "\n");
}

}  // namespace sixfold::deploy
