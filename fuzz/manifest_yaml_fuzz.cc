// Hostile YAML: as a manifest with sections, and as a value that is written and read back.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "manifest/manifest.h"
#include "manifest/yaml_text.h"

namespace {

using namespace sixfold;

void require(bool is_true) {
  if (!is_true) std::abort();
}

// Every kind of reading, for values of every kind; then a section within the section.
void read_section(manifest::Section& section) {
  std::string text;
  std::uint64_t count = 0;
  double number = 0;
  bool flag = false;
  std::vector<std::string> texts;
  std::map<std::string, std::string> map;
  section.text("image", text);
  section.count("replicas", 1, 1000, count);
  section.number("cpus", 0, 1024, number);
  section.flag("network_policy", flag);
  section.texts("platforms", texts);
  section.text_map("env", map);
  require(count <= 1000 && number >= 0 && number <= 1024);
  if (auto inner = section.section("scaling")) {
    inner->count("min", 0, 1000, count);
    inner->text("by", text);
  }
}

void check_manifest(std::string_view text) {
  const auto manifest = manifest::parse_manifest(text, "fuzz");
  if (!manifest.is_ok()) return require(manifest.error().message.starts_with("fuzz:"));
  for (const auto& [name, own] : manifest->targets) {
    manifest::Section section(own);
    read_section(section);
    const Status status = section.finish();
    require(status.is_ok() || status.error().message.starts_with("fuzz:"));
  }
}

void check_value(std::string_view text) {
  const auto value = manifest::yaml_value(text, "fuzz");
  if (!value.is_ok()) return require(value.error().message.starts_with("fuzz:"));
  const std::string written = manifest::yaml_of(*value);
  const auto again = manifest::yaml_value(written, "fuzz");
  require(again.is_ok() && *again == *value);
  require(manifest::yaml_of(*again) == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kInputMax = 1 << 13;
  if (size > kInputMax) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_manifest(text);
  check_value(text);
  return 0;
}
