// The "pre_tokenizer" of tokenizer.json: where a normalized text is cut before the model sees it.
// Source of all stages: github.com/huggingface/tokenizers, tokenizers/src/pre_tokenizers.
#pragma once
#include <memory>

#include "core/result.h"
#include "tokenizer/hf/json_node.h"
#include "tokenizer/hf/pieces.h"

namespace sixfold::tokenizer::hf {

// Immutable, thread-safe.
class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;

  // Errors: internal (a pattern gave up).
  virtual Status apply(Pieces& pieces) const = 0;
};

// Errors: corrupt_data (names the field), invalid_argument (a type that we do not know; lists ours).
Result<std::unique_ptr<PreTokenizer>> read_pre_tokenizer(const JsonNode& node);

// What a Metaspace stage puts in front of a text, which its decoder takes off again.
enum class PrependScheme { kAlways, kFirst, kNever };
Result<PrependScheme> read_prepend_scheme(const JsonNode& node);

}  // namespace sixfold::tokenizer::hf
