// A file is hashed anew when its size, times, inode or device are others than those that were noted beside its hash.
#include "deploy/content_hash.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <filesystem>
#include <utility>

#include "core/digest.h"
#include "core/error.h"
#include "core/json.h"
#include "core/text_file.h"
#include "core/write_error.h"
#include "deploy/oci/program_files.h"
#include "deploy/progress_lines.h"
#include "registry/folders.h"
#include "registry/push/push.h"
#include "registry/push/upload_file.h"

namespace sixfold::deploy {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNotesBytesMax = 4u << 20;
constexpr std::size_t kNotesMax = 4096;
constexpr std::uint64_t kNotedBytesMin = std::uint64_t{1}
                                         << 20;  // smaller files are read faster than notes are written

Result<FileIdentity> identity_of(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return write_error(path, "open");
  auto identity = identify_file(file, path);
  ::close(file);
  return identity;
}

std::int64_t integer_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value == nullptr ? 0 : as_integer(*value).value_or(0);
}

bool is_model(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored) || path.ends_with(".gguf") || path.ends_with(".safetensors");
}

}  // namespace

ContentHashes::ContentHashes(std::string notes, HashOptions options)
    : notes_(std::move(notes)), options_(std::move(options)) {
  load();
}

void ContentHashes::load() {
  if (notes_.empty() || !registry::is_file(notes_)) return;
  const auto text = read_text_file(notes_, kNotesBytesMax);
  if (!text.is_ok()) return;
  const auto document = parse_json_object(*text, notes_);
  if (!document.is_ok()) return;
  for (const auto& field : *document) {
    const json::object* note = field.value().if_object();
    if (note == nullptr || known_.size() >= kNotesMax) return;
    Known known{
        {count_at(*note, "device").value_or(0), count_at(*note, "inode").value_or(0),
         count_at(*note, "bytes").value_or(0), integer_at(*note, "modified_ns"), integer_at(*note, "changed_ns")},
        text_at(*note, "sha256")};
    if (is_sha256_hex(known.sha256)) known_.emplace(field.key(), std::move(known));
  }
}

Status ContentHashes::save() const {
  if (notes_.empty()) return ok();
  json::object document;
  for (const auto& [path, known] : known_) {
    if (!registry::is_file(path) || document.size() >= kNotesMax) continue;
    document[path] =
        json::object{{"device", known.identity.device},         {"inode", known.identity.inode},
                     {"bytes", known.identity.bytes},           {"modified_ns", known.identity.modified_ns},
                     {"changed_ns", known.identity.changed_ns}, {"sha256", known.sha256}};
  }
  SIXFOLD_TRY_STATUS(registry::make_parent_folders(notes_));
  return registry::write_text_file(notes_, json::serialize(document) + "\n");
}

Result<std::string> ContentHashes::of_file(const std::string& path) {
  std::error_code ignored;
  const std::string whole = fs::weakly_canonical(path, ignored).string();
  const std::string& key = whole.empty() ? path : whole;
  SIXFOLD_TRY(const FileIdentity before, identity_of(path));
  const auto found = known_.find(key);
  if (found != known_.end() && found->second.identity == before) return found->second.sha256;
  SIXFOLD_TRY(const registry::UploadFile content, registry::UploadFile::open(path));
  registry::CountSent count;
  if (options_.say) {
    count = [&, lines = ProgressLines(options_.say)](std::uint64_t done) mutable {
      lines.update("SHA-256 of " + fs::path(key).filename().string(), done, content.bytes());
    };
  }
  SIXFOLD_TRY(std::string hash, content.sha256(0, content.bytes(), options_.is_cancelled, count));
  SIXFOLD_TRY(const FileIdentity after, identity_of(path));
  if (before == after && before.bytes >= kNotedBytesMin) {
    known_[key] = {after, hash};
    SIXFOLD_TRY_STATUS(save());
  }
  return hash;
}

Result<std::string> ContentHashes::of_content(const std::string& path) {
  if (const auto program = oci::find_program(path); program.is_ok() && !program->root.empty()) {
    return of_file(program->program);
  }
  if (!is_model(path)) return of_file(path);
  SIXFOLD_TRY(const registry::ModelToPush model, registry::list_model(path, {}));
  if (model.files.size() == 1) return of_file(model.files.front().from);
  std::map<std::string, std::string> lines;
  for (const registry::PushFile& file : model.files) {
    SIXFOLD_TRY(const std::string hash, of_file(file.from));
    lines[file.about.path] = fmt::format("{}  {}\n", hash, file.about.path);
  }
  Hasher all;
  for (const auto& [name, line] : lines) all.add(line);
  return all.finish();
}

}  // namespace sixfold::deploy
