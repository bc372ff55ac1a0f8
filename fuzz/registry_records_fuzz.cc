// What a hostile server, or a damaged disk, can put into names, listings, notes and records.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.h"
#include "core/json.h"
#include "core/limits.h"
#include "registry/content_range.h"
#include "registry/file_choice.h"
#include "registry/hub_name.h"
#include "registry/mlflow_layout.h"
#include "registry/mlflow_name.h"
#include "registry/model_defaults.h"
#include "registry/ollama_layers.h"
#include "registry/ollama_name.h"
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

void check_layers(std::string_view text) {
  const auto manifest = sixfold::parse_json_object(text, "fuzz");
  if (!manifest.is_ok()) return;
  const auto content = read_ollama_layers(*manifest, "fuzz");
  if (!content.is_ok()) return;
  require(!content->layers.empty() && content->layers[0].path == "model.gguf");
  for (const OllamaLayer& layer : content->layers) {
    require(check_artifact_path(layer.path, "fuzz").is_ok());
    require(sixfold::is_sha256_hex(layer.sha256));
  }
}

// Files of an MLflow artifact go where they belong once, whatever its MLmodel says.
void check_layout(std::string_view text) {
  const auto mlmodel = sixfold::manifest::parse_mlmodel(text, "fuzz");
  if (!mlmodel.is_ok()) return;
  const std::vector<std::string> paths = {"MLmodel",
                                          "config.json",
                                          "model.safetensors",
                                          "model/config.json",
                                          "model/model.safetensors",
                                          "components/tokenizer/config.json"};
  const auto placed = place_mlflow_files(paths, *mlmodel, "fuzz");
  if (!placed.is_ok()) return;
  std::set<std::string> names;
  for (const PlacedFile& file : *placed) {
    require(names.insert(file.to).second && check_artifact_path(file.to, "fuzz").is_ok());
    require(std::find(paths.begin(), paths.end(), file.from) != paths.end());
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
  if (const auto name = parse_ollama_name(text); name.is_ok()) {
    check_path(name->model);
    require(name->manifest_path().find("..") == std::string::npos);
    const auto again = parse_ollama_name(name->text());
    require(again.is_ok() && again->text() == name->text());
  }
  check_layers(text);
  if (const auto name = parse_mlflow_name(text); name.is_ok()) {
    const auto again = parse_mlflow_name(name->text());
    require(again.is_ok() && again->text() == name->text());
  }
  check_layout(text);
  if (const auto defaults = read_model_defaults(text, "fuzz"); defaults.is_ok()) {
    require(defaults->stop.size() <= sixfold::limits::kStopStringsMax);
  }
  if (const auto range = parse_content_range(text)) require(range->first <= range->last && range->last < range->total);
  if (const auto record = record_from_json(text, "fuzz"); record.is_ok()) {
    const std::string written = to_json(*record);
    const auto again = record_from_json(written, "fuzz");
    require(again.is_ok() && to_json(*again) == written);
  }
  return 0;
}
