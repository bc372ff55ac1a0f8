// Token ids that a client sent, as text.
#pragma once
#include <string>
#include <vector>

#include "core/result.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::service {

// Errors: invalid_argument, naming the first id outside the vocabulary.
Result<std::string> text_of_tokens(const tokenizer::Tokenizer& tokenizer,
                                   const std::vector<tokenizer::TokenId>& tokens);

}  // namespace sixfold::service
