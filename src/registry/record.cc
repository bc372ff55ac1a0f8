// Records as JSON.
#include "registry/record.h"

#include <boost/json/serialize.hpp>

#include "core/digest.h"
#include "core/error.h"
#include "core/json.h"
#include "core/limits.h"
#include "registry/source.h"

namespace sixfold::registry {
namespace {

constexpr std::uint64_t kRecordVersion = 1;

}  // namespace

std::uint64_t Record::bytes() const {
  std::uint64_t sum = 0;
  for (const RecordedFile& file : files) sum += file.bytes;
  return sum;
}

json::array files_to_json(std::span<const RecordedFile> files) {
  json::array rows;
  for (const RecordedFile& file : files) {
    rows.push_back(json::object{{"path", file.path}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  }
  return rows;
}

Result<std::vector<RecordedFile>> files_from_json(const json::object& object, bool may_lack_hash,
                                                  std::string_view where) {
  const json::array* rows = array_at(object, "files");
  if (rows == nullptr || rows->empty() || rows->size() > limits::kArtifactFilesMax) {
    return corrupt_data("{}: files: want a list of 1 to {}", where, limits::kArtifactFilesMax);
  }
  std::vector<RecordedFile> files;
  for (const json::value& item : *rows) {
    const json::object* row = item.if_object();
    if (row == nullptr) return corrupt_data("{}: files: want objects", where);
    RecordedFile file{text_at(*row, "path"), count_at(*row, "bytes").value_or(0), text_at(*row, "sha256")};
    SIXFOLD_TRY_STATUS(check_artifact_path(file.path, where));
    if (!is_sha256_hex(file.sha256) && !(may_lack_hash && file.sha256.empty())) {
      return corrupt_data("{}: {}: sha256: want 64 hex digits", where, file.path);
    }
    files.push_back(std::move(file));
  }
  return files;
}

std::string to_json(const Record& record) {
  return json::serialize(json::object{{"version", kRecordVersion},
                                      {"name", record.name},
                                      {"source", record.source},
                                      {"revision", record.revision},
                                      {"license", record.license},
                                      {"pulled_at", record.pulled_at},
                                      {"folder", record.folder},
                                      {"is_ours", record.is_ours},
                                      {"files", files_to_json(record.files)}});
}

Result<Record> record_from_json(std::string_view text, std::string_view where) {
  SIXFOLD_TRY(const json::object object, parse_json_object(text, where));
  if (count_at(object, "version") != kRecordVersion) {
    return corrupt_data("{}: version: want {}", where, kRecordVersion);
  }
  Record record{.name = text_at(object, "name"),
                .source = text_at(object, "source"),
                .revision = text_at(object, "revision"),
                .license = text_at(object, "license"),
                .pulled_at = static_cast<std::int64_t>(count_at(object, "pulled_at").value_or(0)),
                .folder = text_at(object, "folder"),
                .is_ours = true,
                .files = {}};
  const json::value* is_ours = object.if_contains("is_ours");
  record.is_ours = is_ours == nullptr || !is_ours->is_bool() || is_ours->get_bool();
  if (record.name.empty()) return corrupt_data("{}: name: want a text", where);
  if (record.is_ours) {
    SIXFOLD_TRY_STATUS(check_artifact_path(record.folder, where));
  } else if (!record.folder.starts_with('/')) {
    return corrupt_data("{}: folder: want an absolute path, got \"{}\"", where, record.folder);
  }
  // Files of a shared cache have a hash only when they were hashed here.
  SIXFOLD_TRY(record.files, files_from_json(object, !record.is_ours, where));
  return record;
}

std::string main_path(const Record& record) {
  const RecordedFile* main = nullptr;
  for (const RecordedFile& file : record.files) {
    if (!file.path.ends_with(".gguf")) continue;
    if (main == nullptr || file.path.find("-00001-of-") != std::string::npos) main = &file;
  }
  if (main == nullptr && record.files.size() == 1) main = &record.files.front();
  return main == nullptr ? record.folder : record.folder + "/" + main->path;
}

}  // namespace sixfold::registry
