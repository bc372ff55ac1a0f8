// What sentence-transformers adds to a folder: how token vectors become one, and how texts are prepared.
#pragma once
#include <string>
#include <vector>

#include "core/result.h"
#include "formats/huggingface/family.h"

namespace sixfold::formats::huggingface {

// Adds, where the folder says so:
//   ARCH.pooling_type                       GGUF's: 1 mean, 2 first token, 3 last token, 4 the classifier's scores
//   sentence_transformers.normalize         true when vectors are divided by their length
//   sentence_transformers.max_seq_length    tokens of a text that count
//   sentence_transformers.prompt.NAME       text to put before those of this kind
//   sentence_transformers.default_prompt    its NAME
// Errors: corrupt_data, invalid_argument (a step that is not supported: the vectors would be others).
Status add_sentence_transformers(const std::string& folder, const Family& family, const ModelFacts& facts,
                                 std::vector<MetadataEntry>& out);

}  // namespace sixfold::formats::huggingface
