// Any text as config.json, and any name as a tensor's: refused, or turned into metadata and names that GGUF allows.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "core/json.h"
#include "formats/huggingface/family.h"

using namespace sixfold::formats;

namespace {

void check_facts(const huggingface::ModelFacts& facts) {
  if (facts.layers == 0 || facts.vocabulary == 0) std::abort();
  for (const MetadataEntry& entry : facts.metadata) {
    const auto* number = std::get_if<double>(&entry.value);
    if (entry.key.empty() || (number != nullptr && std::isnan(*number))) std::abort();
  }
  for (const auto& [name, factors] : facts.rope_factors) {
    if (name.empty()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const huggingface::Family& family : huggingface::families()) {
    const auto named = huggingface::rename_tensor(text, family.prefix, family.names);
    const bool is_used = named && named->form != huggingface::Form::kIgnored;
    if (is_used && (named->name.empty() || named->name.find("{}") != std::string::npos)) std::abort();
  }
  const auto value = sixfold::parse_json(text, "config.json");
  if (!value.is_ok() || !value->is_object()) return 0;
  const huggingface::ConfigReader config(value->get_object(), "config.json");
  const auto family = huggingface::find_family(config);
  if (!family.is_ok()) return 0;
  const auto facts = (*family)->read_config(config);
  if (facts.is_ok()) check_facts(*facts);
  return 0;
}
