// What a hostile server, or a damaged disk, can put into names, listings, notes and records.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "registry/content_range.h"
#include "registry/file_choice.h"
#include "registry/hub_name.h"
#include "registry/record.h"
#include "registry/source.h"

namespace {

using namespace sixfold::registry;

void require(bool is_true) {
  if (!is_true) std::abort();
}

// A path that passes stays below the folder that it is joined to.
void check_path(std::string_view text) {
  if (!check_artifact_path(text, "fuzz").is_ok()) return;
  require(!text.empty() && text.front() != '/' && text.find('\0') == std::string_view::npos);
  int depth = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    depth += text.substr(begin, end - begin) == ".." ? -1 : 1;
    require(depth > 0);
    begin = end + 1;
  }
}

void check_choice(std::string_view text) {
  std::vector<std::string> paths;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    paths.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  for (const FileWish& wish : {FileWish{}, FileWish{"", "q8_0"}, FileWish{paths.empty() ? "x" : paths[0], ""}}) {
    const auto files = choose_files(paths, wish, "fuzz");
    if (!files.is_ok()) continue;
    require(!files->empty());
    for (const std::string& file : *files) require(std::find(paths.begin(), paths.end(), file) != paths.end());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kInputMax = 1 << 14;
  if (size > kInputMax) return 0;
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_path(text);
  check_choice(text);
  if (const auto name = parse_hub_name(text); name.is_ok()) {
    const auto again = parse_hub_name(name->text().substr(3));
    require(again.is_ok() && again->text() == name->text());
  }
  if (const auto range = parse_content_range(text)) require(range->first <= range->last && range->last < range->total);
  if (const auto record = record_from_json(text, "fuzz"); record.is_ok()) {
    const std::string written = to_json(*record);
    const auto again = record_from_json(written, "fuzz");
    require(again.is_ok() && to_json(*again) == written);
  }
  return 0;
}
