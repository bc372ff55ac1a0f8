// Reads the flag, finds the files, loads them.
#include "cli/adapter_flags.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "registry/artifact.h"

namespace sixfold::cli {

void add_lora_flag(CLI::App& verb, std::vector<std::string>& adapters) {
  verb.add_option("--lora", adapters,
                  "A LoRA adapter, NAME=SOURCE or NAME=SOURCE@SCALE: a PEFT folder or a GGUF file; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME=SOURCE[@SCALE]");
}

Result<engine::AdapterFile> parse_adapter(std::string_view text) {
  engine::AdapterFile adapter;
  std::string_view source = text;
  // A path or an address may have an = of its own, behind a slash or a colon.
  const std::size_t equals = text.find('=');
  if (equals != std::string_view::npos && text.find_first_of("/:") > equals) {
    adapter.name = text.substr(0, equals);
    source = text.substr(equals + 1);
    if (adapter.name.empty()) return invalid_argument("--lora: want a name before \"=\", got \"{}\"", text);
  }
  if (const std::size_t at = source.rfind('@'); at != std::string_view::npos) {
    const std::string_view number = source.substr(at + 1);
    float scale = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), scale);
    if (error == std::errc() && end == number.data() + number.size() && std::isfinite(scale)) {
      adapter.scale = scale;
      source = source.substr(0, at);
    }
  }
  if (source.empty()) return invalid_argument("--lora: want NAME=SOURCE or NAME=SOURCE@SCALE, got \"{}\"", text);
  adapter.source = source;
  if (adapter.name.empty()) adapter.name = registry::short_name(adapter.source);
  return adapter;
}

Result<std::vector<engine::AdapterFile>> find_adapters(const std::vector<std::string>& adapters,
                                                       const FetchFlags& fetch) {
  std::vector<engine::AdapterFile> files;
  for (const std::string& text : adapters) {
    SIXFOLD_TRY(engine::AdapterFile file, parse_adapter(text));
    SIXFOLD_TRY(file.path, fetch_model(file.source, fetch));
    files.push_back(std::move(file));
  }
  return files;
}

Status load_adapters(const std::vector<engine::AdapterFile>& files, engine::Engine& engine) {
  if (files.empty()) return ok();
  engine::AdapterShelf* shelf = engine.adapters();
  if (shelf == nullptr) return invalid_argument("--lora: this model takes no adapters");
  for (const engine::AdapterFile& file : files) SIXFOLD_TRY_STATUS(shelf->load(file));
  return ok();
}

}  // namespace sixfold::cli
