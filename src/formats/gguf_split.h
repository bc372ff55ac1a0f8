// GGUF models that are cut into several files: NAME-00001-of-00003.gguf and so on.
#pragma once
#include <string>

#include "core/result.h"
#include "formats/checkpoint.h"

namespace sixfold::formats {

// Opens a GGUF file; one that is a part of a model (split.count above 1) brings the others with it, and the checkpoint
// has the tensors of all, and the metadata of the first.  path: any of the parts.
// Errors: those of FileMap::open and read_gguf, for the part that they are about; not_found, naming a part that is
// missing; corrupt_data when the parts do not belong together.
Result<Checkpoint> open_gguf(const std::string& path);

}  // namespace sixfold::formats
