// Opens a model file: maps it and hands it to the reader of its format, which the content tells.
#include <memory>
#include <utility>

#include "formats/checkpoint_builder.h"

namespace sixfold::formats {

Result<Checkpoint> open_checkpoint(const std::string& path) {
  SIXFOLD_TRY(FileMap map, FileMap::open(path));
  auto file = std::make_unique<FileMap>(std::move(map));
  // GGUF is the only format yet; its reader says so when the first bytes are others.
  SIXFOLD_TRY(Checkpoint checkpoint, read_gguf(file->bytes(), path));
  CheckpointBuilder::give_file(checkpoint, std::move(file));
  return checkpoint;
}

}  // namespace sixfold::formats
