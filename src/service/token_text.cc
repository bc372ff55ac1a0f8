// Checks ids before they are used.
#include "service/token_text.h"

#include "core/error.h"

namespace sixfold::service {

Result<std::string> text_of_tokens(const tokenizer::Tokenizer& tokenizer,
                                   const std::vector<tokenizer::TokenId>& tokens) {
  const auto size = static_cast<tokenizer::TokenId>(tokenizer.size());
  for (const tokenizer::TokenId token : tokens) {
    if (token < 0 || token >= size) {
      return invalid_argument("token {}: want an id below the vocabulary's {}", token, size);
    }
  }
  return tokenizer.decode(tokens, true);
}

}  // namespace sixfold::service
