// Opens a model: told to be a Hugging Face folder by its names, or a file of the format that its content tells.
#include <utility>

#include "core/error.h"
#include "formats/checkpoint_builder.h"
#include "formats/gguf_split.h"
#include "formats/huggingface/folder.h"
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
  if (path.ends_with(".onnx")) {
    return invalid_argument(
        "{}: an ONNX model takes tensors, not text; sixfold serve answers for it, sixfold show "
        "tells its inputs",
        path);
  }
  if (const auto folder = huggingface::folder_of(path)) return huggingface::open_folder(*folder);
  SIXFOLD_TRY(FileMap file, FileMap::open(path));
  const bool is_safetensors = path.ends_with(".safetensors") || looks_like_safetensors(file.bytes());
  if (!is_safetensors) return open_gguf(path);
  SIXFOLD_TRY(Checkpoint checkpoint, read_safetensors_alone(file.bytes(), path));
  CheckpointBuilder::give_file(checkpoint, std::move(file));
  return checkpoint;
}

}  // namespace sixfold::formats
