// Source: OCI distribution specification, "Pushing manifests".
#include "registry/push/oci_manifest.h"

#include "core/digest.h"
#include "core/error.h"

namespace sixfold::registry {

Result<PutManifest> put_oci_manifest(OciSession& session, const std::string& manifest, std::string_view media_type,
                                     const std::string& version) {
  const std::string digest = sha256_digest(sha256_hex(manifest));
  SIXFOLD_TRY(const net::TextResponse response, session.send({.method = "PUT",
                                                              .url = session.url("/manifests/" + version),
                                                              .headers = {{"Content-Type", std::string(media_type)}},
                                                              .body = manifest}));
  if (response.head.status != 201) return session.explain(response.head);
  const std::string_view got = response.head.header("Docker-Content-Digest");
  if (!got.empty() && got != digest) {
    return corrupt_data("{}: digest of the manifest: want {}, the registry has {}", session.reference().text(), digest,
                        got);
  }
  return PutManifest{digest, !response.head.header("OCI-Subject").empty()};
}

}  // namespace sixfold::registry
