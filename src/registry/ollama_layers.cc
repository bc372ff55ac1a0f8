// One row for each kind of layer.
#include "registry/ollama_layers.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/digest.h"
#include "core/error.h"
#include "core/limits.h"

namespace sixfold::registry {
namespace {

constexpr std::string_view kPrefix = "application/vnd.ollama.image.";
constexpr std::string_view kSha256 = "sha256:";

struct Row {
  std::string_view media_type;  // behind the prefix
  OllamaLayerKind kind;
  std::string_view stem, ending;  // of the file; a number goes between for the second and later ones
};
constexpr std::array<Row, 7> kRows = {{
    {"model", OllamaLayerKind::kModel, "model", ".gguf"},
    {"adapter", OllamaLayerKind::kAdapter, "adapter", ".gguf"},
    {"template", OllamaLayerKind::kTemplate, "template", ".txt"},
    {"system", OllamaLayerKind::kSystem, "system", ".txt"},
    {"params", OllamaLayerKind::kParams, "params", ".json"},
    {"messages", OllamaLayerKind::kMessages, "messages", ".json"},
    {"license", OllamaLayerKind::kLicense, "LICENSE", ""},
}};

const Row* find_row(std::string_view media_type) {
  if (!media_type.starts_with(kPrefix)) return nullptr;
  const auto found = std::find_if(kRows.begin(), kRows.end(),
                                  [&](const Row& row) { return row.media_type == media_type.substr(kPrefix.size()); });
  return found == kRows.end() ? nullptr : &*found;
}

Result<OllamaLayer> read_layer(const json::object& layer, const Row& row, std::size_t before, std::string_view where) {
  const std::string digest = text_at(layer, "digest");
  const auto bytes = count_at(layer, "size");
  if (!digest.starts_with(kSha256) || !is_sha256_hex(digest.substr(kSha256.size()))) {
    return corrupt_data("{}: layer {}: digest: want sha256: and 64 hex digits", where, row.media_type);
  }
  if (!bytes) return corrupt_data("{}: layer {}: size: want a number of bytes", where, row.media_type);
  const std::string number = before == 0 ? "" : fmt::format("-{}", before + 1);
  return OllamaLayer{row.kind, fmt::format("{}{}{}", row.stem, number, row.ending), digest.substr(kSha256.size()),
                     *bytes};
}

}  // namespace

Result<OllamaLayers> read_ollama_layers(const json::object& manifest, std::string_view where) {
  const json::array* list = array_at(manifest, "layers");
  if (list == nullptr || list->size() > limits::kArtifactFilesMax) {
    return corrupt_data("{}: layers: want a list of at most {}; is it a model?", where, limits::kArtifactFilesMax);
  }
  OllamaLayers out;
  std::array<std::size_t, kRows.size()> seen{};  // layers of each row
  for (const json::value& item : *list) {
    const json::object* object = item.if_object();
    if (object == nullptr) return corrupt_data("{}: layers: want objects, got {}", where, shown_json(item));
    const std::string media_type = text_at(*object, "mediaType");
    if (media_type == std::string(kPrefix) + "tensor") {
      return invalid_argument("{}: its weights are single tensors, want a GGUF file", where);
    }
    const Row* row = find_row(media_type);
    if (row == nullptr) {
      out.left_out.push_back(media_type);
      continue;
    }
    std::size_t& before = seen[static_cast<std::size_t>(row - kRows.data())];
    SIXFOLD_TRY(OllamaLayer layer, read_layer(*object, *row, before++, where));
    out.layers.push_back(std::move(layer));
  }
  const auto is_model = [](const OllamaLayer& layer) { return layer.kind == OllamaLayerKind::kModel; };
  const auto models = std::count_if(out.layers.begin(), out.layers.end(), is_model);
  if (models == 0) return not_found("{}: no layer with a model", where);
  if (models > 1) return invalid_argument("{}: want one layer with a model, got {}", where, models);
  std::stable_partition(out.layers.begin(), out.layers.end(), is_model);
  return out;
}

}  // namespace sixfold::registry
