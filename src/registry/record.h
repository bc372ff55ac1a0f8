// What the store remembers of one model: where it came from and which files it is made of.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"

namespace sixfold::registry {

struct RecordedFile {
  std::string path;  // in the folder
  std::uint64_t bytes = 0;
  std::string sha256;
};

struct Record {
  std::string name;
  std::string source;
  std::string revision;
  std::string license;
  std::int64_t pulled_at = 0;  // seconds since 1970
  std::string folder;          // absolute, or below the store when is_ours
  bool is_ours = true;         // else the files belong to a cache that other programs use too
  std::vector<RecordedFile> files;

  std::uint64_t bytes() const;
};

std::string to_json(const Record& record);

// Errors: corrupt_data, naming `where`; paths and hashes are checked.
Result<Record> record_from_json(std::string_view text, std::string_view where);

// The rows of files within such a record.  Errors: corrupt_data, naming `where`; every path is checked, and every hash,
// which may be missing where `may_lack_hash`.
json::array files_to_json(std::span<const RecordedFile> files);
Result<std::vector<RecordedFile>> files_from_json(const json::object& object, bool may_lack_hash,
                                                  std::string_view where);

// The file or folder to open: the GGUF file, of several parts the first; else the whole folder.
std::string main_path(const Record& record);

}  // namespace sixfold::registry
