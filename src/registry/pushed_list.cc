// {"version": 1, "files": [...]}, rows as in the store's records.
#include "registry/pushed_list.h"

#include <boost/json/serialize.hpp>

#include "core/error.h"

namespace sixfold::registry {
namespace {

constexpr std::uint64_t kListVersion = 1;

}  // namespace

std::string pushed_list_json(std::span<const RecordedFile> files) {
  return json::serialize(json::object{{"version", kListVersion}, {"files", files_to_json(files)}});
}

Result<std::vector<RecordedFile>> parse_pushed_list(std::string_view text, std::string_view where) {
  SIXFOLD_TRY(const json::object object, parse_json_object(text, where));
  if (count_at(object, "version") != kListVersion) return corrupt_data("{}: version: want {}", where, kListVersion);
  return files_from_json(object, false, where);
}

}  // namespace sixfold::registry
