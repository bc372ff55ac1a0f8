// "llama3.2:1b", "host/space/model:tag": what stands behind ollama:.
#pragma once
#include <string>

#include "core/result.h"
#include "registry/oci_reference.h"

namespace sixfold::registry {

struct OllamaName {
  std::string host = "registry.ollama.ai";
  std::string space = "library";  // of a person or an organization
  std::string model = {};
  std::string tag = "latest";

  std::string text() const;           // "llama3.2:1b": without what everybody leaves out, but with the tag
  OciReference reference() const;     // in the protocol of container registries, which ollama's speak
  std::string manifest_path() const;  // "host/space/model/tag", below a local store's manifests
};

// [HOST/][SPACE/]MODEL[:TAG].  Errors: invalid_argument.  Every part is fit to be a file's name.
// Source: ollama, types/model/name.go.
Result<OllamaName> parse_ollama_name(const std::string& rest);

}  // namespace sixfold::registry
