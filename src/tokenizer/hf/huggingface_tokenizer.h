// A tokenizer from tokenizer.json, the file of Hugging Face's tokenizers library.
#pragma once
#include <memory>

#include "core/result.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::tokenizer::hf {

// vocabulary: huggingface_json is the file's text; ids, texts and flags of special tokens come from the files beside
// it.  "truncation" and "padding" are not followed: a prompt is never cut or filled without being asked for.
// Errors: corrupt_data (names the field), invalid_argument (a stage that we do not know; lists ours).
Result<std::unique_ptr<Tokenizer>> make_huggingface_tokenizer(Vocabulary vocabulary);

}  // namespace sixfold::tokenizer::hf
