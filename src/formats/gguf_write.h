// Writes GGUF version 3: metadata and tensors to an image in memory, or to a file that appears whole or not at all.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "formats/checkpoint.h"

namespace sixfold::formats {

// What goes into the file, in this order.  Numbers are stored in 32 bits where they fit without loss (other programs
// expect that of most keys), else in 64.  metadata's general.alignment, when present, sets the tensors' alignment.
struct GgufContents {
  std::span<const MetadataEntry> metadata;
  std::span<const TensorView> tensors;
};

// Errors: invalid_argument for what read_gguf would refuse (a duplicate or overlong name, bytes that do not match the
// shape, an impossible alignment).
Result<std::vector<std::byte>> make_gguf(const GgufContents& contents);

// Writes to a temporary file beside `path`, syncs it and renames it over `path`.  After an error nothing has changed.
// Errors: as make_gguf; not_found, permission_denied, resource_exhausted (disk full), internal.
Status write_gguf(const std::string& path, const GgufContents& contents);

}  // namespace sixfold::formats
