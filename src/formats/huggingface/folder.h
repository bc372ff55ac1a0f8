// A Hugging Face folder as a checkpoint: config.json and the files beside it, under GGUF's names.
#pragma once
#include <optional>
#include <string>

#include "core/result.h"
#include "formats/checkpoint.h"

namespace sixfold::formats::huggingface {

// The folder that a path means: itself, or the one around its config.json, model.safetensors (when there is a
// config.json beside it) or model.safetensors.index.json.  Nothing for other paths.
std::optional<std::string> folder_of(const std::string& path);

// Metadata has GGUF's keys, and:
//   ARCH.rope.pairing                 "halves": queries and keys are as trained, where GGUF's are reordered
//   tokenizer.huggingface.json        the text of tokenizer.json; see tokenizer_files.h for the others of its kind
//   sentence_transformers.*           see sentence_transformers.h
// Errors: not_found, permission_denied, corrupt_data, invalid_argument, resource_exhausted; with file and field.
Result<Checkpoint> open_folder(const std::string& folder);

}  // namespace sixfold::formats::huggingface
