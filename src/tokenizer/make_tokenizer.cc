// Picks the tokenizer that a vocabulary's model kind wants.
#include <optional>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "tokenizer/base_tokenizer.h"
#include "tokenizer/hf/huggingface_tokenizer.h"
#include "tokenizer/sentencepiece_model.h"

namespace sixfold::tokenizer {

namespace {

// Encoders begin a text with the classifier token and end it with the separator; their files do not always name them.
void name_ends_of_word_piece(Vocabulary& vocabulary) {
  const auto find = [&](std::string_view text) -> std::optional<TokenId> {
    for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) {
      if (vocabulary.tokens[i] == text) return static_cast<TokenId>(i);
    }
    return std::nullopt;
  };
  if (!vocabulary.classifier.has_value()) vocabulary.classifier = find("[CLS]");
  if (!vocabulary.separator.has_value()) vocabulary.separator = find("[SEP]");
  if (!vocabulary.unknown.has_value()) vocabulary.unknown = find("[UNK]");
  vocabulary.bos = vocabulary.classifier;
  vocabulary.eos = vocabulary.separator;
}

Status take_sentencepiece_model(Vocabulary& vocabulary) {
  const std::string bytes = std::move(vocabulary.sentencepiece_model);
  vocabulary.sentencepiece_model.clear();
  SIXFOLD_TRY_STATUS(read_sentencepiece_model(bytes, vocabulary));
  // The embedding may have more rows than the file has pieces.
  while (vocabulary.tokens.size() < vocabulary.tokens_min) {
    vocabulary.tokens.push_back("");
    vocabulary.scores.push_back(0);
    vocabulary.kinds.push_back(TokenKind::kUnused);
  }
  return ok();
}

}  // namespace

Result<std::unique_ptr<Tokenizer>> make_tokenizer(Vocabulary vocabulary) {
  if (vocabulary.model.empty() && !vocabulary.huggingface_json.empty()) {
    return hf::make_huggingface_tokenizer(std::move(vocabulary));
  }
  if (vocabulary.model.empty() && !vocabulary.sentencepiece_model.empty()) {
    SIXFOLD_TRY_STATUS(take_sentencepiece_model(vocabulary));
  }
  if (vocabulary.model == "bert") name_ends_of_word_piece(vocabulary);
  SIXFOLD_TRY(TokenTable table, TokenTable::make(std::move(vocabulary)));
  const std::string& model = table.vocabulary().model;
  if (model == "gpt2") return make_byte_level_bpe(std::move(table));
  if (model == "llama") return make_sentencepiece_bpe(std::move(table));
  if (model == "bert") return make_word_piece(std::move(table));
  if (model == "t5") return make_unigram(std::move(table));
  return invalid_argument("vocabulary: tokenizer model: want one of gpt2, llama, bert, t5, got \"{}\"", model);
}

}  // namespace sixfold::tokenizer
