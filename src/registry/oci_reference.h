// "ghcr.io/org/model:tag": what stands behind oci:.
#pragma once
#include <string>

#include "core/result.h"

namespace sixfold::registry {

struct OciReference {
  std::string host = {};        // "ghcr.io", "localhost:5000"
  std::string repository = {};  // "org/model"
  std::string tag = "latest";
  std::string digest = {};  // "sha256:HEX"; wins over the tag

  std::string text() const;                                                     // "ghcr.io/org/model:tag"
  const std::string& version() const { return digest.empty() ? tag : digest; }  // as the protocol's paths name it
  // "https://ghcr.io": plain http only on this machine, as other clients do.  Docker Hub answers under another name.
  std::string base_url() const;
};

// Names without a host are Docker Hub's, of one part its library's.  Errors: invalid_argument.
// Source: OCI distribution specification, "Pulling manifests", for names and tags.
Result<OciReference> parse_oci_reference(const std::string& rest);

}  // namespace sixfold::registry
