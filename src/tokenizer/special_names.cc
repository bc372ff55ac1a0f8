// Of several tokens with one text, the lowest is meant.
#include "tokenizer/special_names.h"

namespace sixfold::tokenizer {

void name_special_tokens(Vocabulary& vocabulary) {
  const auto name = [&](std::optional<TokenId>& token, const std::string& text) {
    if (text.empty()) return;
    for (std::size_t i = 0; i < vocabulary.tokens.size() && !token.has_value(); ++i) {
      if (vocabulary.tokens[i] == text) token = static_cast<TokenId>(i);
    }
  };
  name(vocabulary.bos, vocabulary.bos_text);
  name(vocabulary.eos, vocabulary.eos_text);
  name(vocabulary.unknown, vocabulary.unknown_text);
  name(vocabulary.padding, vocabulary.padding_text);
}

}  // namespace sixfold::tokenizer
