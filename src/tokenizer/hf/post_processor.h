// The "post_processor" of tokenizer.json: the special tokens before and behind a text.
// Source: github.com/huggingface/tokenizers, tokenizers/src/processors.
#pragma once
#include <cstddef>
#include <vector>

#include "core/result.h"
#include "tokenizer/hf/json_node.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::tokenizer::hf {

struct Surroundings {
  std::vector<TokenId> before, after;  // of a single text
  // Of two texts.  An error stays here: most models never read two.
  Result<PairForm> pair = PairForm{.second_type_begin = 0};
};

// What surrounds texts.  tokens: how many there are, for checking ids.
// Errors: corrupt_data (names the field), invalid_argument (a type that we do not know; lists ours).
Result<Surroundings> read_post_processor(const JsonNode& node, std::size_t tokens);

}  // namespace sixfold::tokenizer::hf
