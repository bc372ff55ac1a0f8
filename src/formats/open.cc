// Opens a model file: maps it and hands it to the reader of its format, which the content tells.
#include <memory>
#include <utility>

#include "formats/checkpoint_builder.h"
#include "formats/safetensors_read.h"

namespace sixfold::formats {
namespace {

// A file of weights alone: the tensors under their own names, and no metadata.
Result<Checkpoint> read_safetensors_alone(std::span<const std::byte> bytes, const std::string& name) {
  SIXFOLD_TRY(const std::vector<SafetensorsTensor> tensors, read_safetensors(bytes, name));
  CheckpointBuilder builder(name, "safetensors", bytes.size());
  for (const SafetensorsTensor& tensor : tensors) {
    SIXFOLD_TRY(TensorView view, to_tensor_view(tensor, name));
    builder.add_tensor(std::move(view));
  }
  return std::move(builder).finish();
}

}  // namespace

Result<Checkpoint> open_checkpoint(const std::string& path) {
  SIXFOLD_TRY(FileMap map, FileMap::open(path));
  auto file = std::make_unique<FileMap>(std::move(map));
  const bool is_safetensors = path.ends_with(".safetensors") || looks_like_safetensors(file->bytes());
  SIXFOLD_TRY(Checkpoint checkpoint,
              is_safetensors ? read_safetensors_alone(file->bytes(), path) : read_gguf(file->bytes(), path));
  CheckpointBuilder::give_file(checkpoint, std::move(file));
  return checkpoint;
}

}  // namespace sixfold::formats
