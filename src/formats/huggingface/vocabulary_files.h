// Vocabularies of folders that have no tokenizer.json: GPT-2's vocab.json and merges.txt, BERT's vocab.txt.
#pragma once
#include <filesystem>
#include <vector>

#include "core/result.h"
#include "formats/huggingface/family.h"

namespace sixfold::formats::huggingface {

// Adds GGUF's tokenizer.ggml.* keys: model, pre, tokens, token_type, merges, and ids of special tokens.  Nothing when
// the folder has neither kind, or the family another tokenizer.
// Errors: corrupt_data, naming the file and the line or token.
Status add_vocabulary_files(const std::filesystem::path& folder, const Family& family, const ModelFacts& facts,
                            std::vector<MetadataEntry>& out);

}  // namespace sixfold::formats::huggingface
