// The "normalizer" of tokenizer.json: what is done to a text before it is cut.
// Source of all stages: github.com/huggingface/tokenizers, tokenizers/src/normalizers.
#pragma once
#include <memory>
#include <string>

#include "core/result.h"
#include "tokenizer/hf/json_node.h"

namespace sixfold::tokenizer::hf {

// Immutable, thread-safe.
class Normalizer {
 public:
  virtual ~Normalizer() = default;

  // text: valid UTF-8 before and after.
  // Errors: internal (a pattern gave up), resource_exhausted (the text grew too large).
  virtual Status apply(std::string& text) const = 0;
};

// Errors: corrupt_data (names the field), invalid_argument (a type that we do not know; lists ours).
Result<std::unique_ptr<Normalizer>> read_normalizer(const JsonNode& node);

}  // namespace sixfold::tokenizer::hf
