// Sends an image to a container registry: blobs first, manifests, and last the index, which alone gives it its name.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "core/result.h"
#include "deploy/oci/image.h"
#include "registry/oci_session.h"

namespace sixfold::deploy::oci {

struct PushedImage {
  std::string digest;       // of the index
  std::uint64_t bytes = 0;  // of all blobs
  std::uint64_t sent = 0;   // of those that the registry did not have
};

// named_image(store), to the session's repository and tag, with what is attached to it.  What the registry has already
// is not sent again, so that the same call goes on after a cut.  progress: told how many bytes are there, of how many.
// Errors: those of named_image, OciUpload and put_oci_manifest.
Result<PushedImage> push_image(const BlobStore& store, registry::OciSession& session,
                               const std::function<void(std::uint64_t done, std::uint64_t total)>& progress = {});

}  // namespace sixfold::deploy::oci
