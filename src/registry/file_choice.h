// Which files of a repository make the model that a person asked for.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace sixfold::registry {

// At most one of the two is set; neither: whatever is the obvious choice.
struct FileWish {
  std::string path = {};          // of a file
  std::string quantization = {};  // "Q4_K_M", in any case
};

// A path: that file, and all parts of a GGUF file that is split.
// A quantization: the one GGUF file whose name has it as a word.
// Neither: config, tokenizer and weights of a folder with safetensors; both files of a LoRA adapter without a model;
// else the only GGUF file, or the one with Q4_K_M. Pickled weights are never chosen: loading them would run their code.
// source: for messages.  Errors: not_found and invalid_argument (several fit), naming what there is.
Result<std::vector<std::string>> choose_files(std::span<const std::string> paths, const FileWish& wish,
                                              std::string_view source);

// True for "model-00001-of-00003.gguf".
bool is_split_gguf(std::string_view path);

}  // namespace sixfold::registry
