// Giving a container registry a manifest or an index, which makes what lies there already a model or an image.
#pragma once
#include <string>
#include <string_view>

#include "core/result.h"
#include "registry/oci_session.h"

namespace sixfold::registry {

struct PutManifest {
  std::string digest;        // "sha256:HEX"
  bool has_subject = false;  // the registry has noted which manifest it is attached to
};

// version: a tag, or its digest.  Errors: those of OciSession::send and explain; corrupt_data when the registry has
// another content.
Result<PutManifest> put_oci_manifest(OciSession& session, const std::string& manifest, std::string_view media_type,
                                     const std::string& version);

}  // namespace sixfold::registry
