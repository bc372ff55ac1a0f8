// A LoRA adapter, opened and validated: its tensors under GGUF's names, whatever the files.
#pragma once
#include <string>
#include <string_view>

#include "core/result.h"
#include "formats/checkpoint.h"

namespace sixfold::formats {

// Opens a GGUF file, or a folder as PEFT saves it, named by itself or by its adapter_config.json or
// adapter_model.safetensors.  architecture: GGUF's name of the model that it is for; PEFT's files do not say theirs.
// Tensors come in pairs, BASE.lora_a [rank, inputs] and BASE.lora_b [outputs, rank], where BASE is the tensor that they
// change.  Metadata has the keys of llama.cpp's adapters (general.type, adapter.type, adapter.lora.alpha), and of a
// folder:
//   adapter.lora.scale.BASE    what B A is multiplied by
//   ARCH.rope.pairing          as of a model's folder (huggingface/folder.h)
// Errors: not_found, permission_denied, corrupt_data, resource_exhausted, and invalid_argument for adapters that are
// more than low-rank changes of matrices; with file, field, expected and got.
Result<Checkpoint> open_adapter(const std::string& path, std::string_view architecture);

}  // namespace sixfold::formats
