// The "decoder" of tokenizer.json: tokens back to text, token by token, so that text can be streamed.
// Source of all stages: github.com/huggingface/tokenizers, tokenizers/src/decoders.  Where a stage there makes text of
// bytes, ours leaves the bytes: a character may be spread over several tokens.
#pragma once
#include <memory>
#include <string>

#include "core/result.h"
#include "tokenizer/hf/json_node.h"

namespace sixfold::tokenizer::hf {

// Where a token stands in a text.
struct TokenPlace {
  bool is_first = false;
  bool is_last = false;
};

// Immutable, thread-safe.
class Decoder {
 public:
  virtual ~Decoder() = default;

  // token: what the stages before have made of it.
  virtual void apply(std::string& token, const TokenPlace& place) const = 0;
};

// Errors: corrupt_data (names the field), invalid_argument (a type that we do not know; lists ours).
Result<std::unique_ptr<Decoder>> read_decoder(const JsonNode& node);

// Without one, tokens stand with spaces between them.
std::unique_ptr<Decoder> default_decoder();

}  // namespace sixfold::tokenizer::hf
