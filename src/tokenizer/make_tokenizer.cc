// Picks the tokenizer that a vocabulary's model kind wants.
#include <utility>

#include "core/error.h"
#include "tokenizer/base_tokenizer.h"

namespace sixfold::tokenizer {

Result<std::unique_ptr<Tokenizer>> make_tokenizer(Vocabulary vocabulary) {
  SIXFOLD_TRY(TokenTable table, TokenTable::make(std::move(vocabulary)));
  const std::string& model = table.vocabulary().model;
  if (model == "gpt2") return make_byte_level_bpe(std::move(table));
  if (model == "llama") return make_sentencepiece_bpe(std::move(table));
  return invalid_argument("vocabulary: tokenizer model: want one of gpt2, llama, got \"{}\"", model);
}

}  // namespace sixfold::tokenizer
