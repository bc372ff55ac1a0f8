// The models of an ollama installation on this machine.  Only read: they are ollama's.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "registry/environment.h"
#include "registry/ollama_name.h"

namespace sixfold::registry {

// FOLDER/manifests/HOST/SPACE/MODEL/TAG  the manifest, as the registry sent it
// FOLDER/blobs/sha256-HEX                layers
// Source: ollama, manifest/paths.go.  Immutable, thread-safe.
class OllamaStore {
 public:
  // $OLLAMA_MODELS, ~/.ollama/models and the folder of its Linux service; those that are there.
  static std::vector<OllamaStore> all(const Environment& environment);
  explicit OllamaStore(std::string folder) : folder_(std::move(folder)) {}

  const std::string& folder() const { return folder_; }
  // The text; nothing when the model is not here.
  std::optional<std::string> manifest(const OllamaName& name) const;
  // Where a layer of exactly so many bytes lies; nothing when it does not.  sha256: 64 hex digits.
  std::optional<std::string> find_blob(const std::string& sha256, std::uint64_t bytes) const;

 private:
  std::string folder_;
};

}  // namespace sixfold::registry
