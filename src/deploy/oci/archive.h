// An image in one file, which every tool for containers can read.
#pragma once
#include <functional>
#include <string>

#include "core/result.h"
#include "deploy/oci/image.h"

namespace sixfold::deploy::oci {

// An OCI archive of named_image(store), which is also what `docker load` of older versions wants.  That sees the
// platform `preferred` ("linux/amd64") or the first one; all others see all.  The file appears when it is whole.
// name: "registry.example/bot:1.0".  Returns its size.  Errors: those of named_image and of files;
// corrupt_data for a blob that is not what its digest says.
Result<std::uint64_t> write_archive(const BlobStore& store, const std::string& name, std::string_view preferred,
                                    const std::string& path, const std::function<bool()>& is_cancelled = {});

}  // namespace sixfold::deploy::oci
