// What an ollama model is made of: the layers of its manifest.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"

namespace sixfold::registry {

enum class OllamaLayerKind { kModel, kAdapter, kTemplate, kSystem, kParams, kMessages, kLicense };

struct OllamaLayer {
  OllamaLayerKind kind = OllamaLayerKind::kModel;
  std::string path;    // in the artifact's folder: "model.gguf", "LICENSE", "LICENSE-2"
  std::string sha256;  // 64 hex digits
  std::uint64_t bytes = 0;
};

struct OllamaLayers {
  std::vector<OllamaLayer> layers;         // the model first
  std::vector<std::string> left_out = {};  // media types of layers that sixfold has no use for
};

// where: for messages.  Errors: corrupt_data (a layer without digest or size, no list of layers), not_found (no model),
// invalid_argument (weights that are no GGUF file).  Source: ollama, manifest/manifest.go and server/images.go.
Result<OllamaLayers> read_ollama_layers(const json::object& manifest, std::string_view where);

}  // namespace sixfold::registry
