// The "model" of tokenizer.json: one piece of text to tokens.
// Source of all kinds: github.com/huggingface/tokenizers, tokenizers/src/models.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/string_array.h"
#include "tokenizer/hf/json_node.h"
#include "tokenizer/merges.h"
#include "tokenizer/token_table.h"
#include "tokenizer/unigram.h"

namespace sixfold::tokenizer::hf {

// What reading one text needs besides the model.  One thread.
struct EncodeScratch {
  std::vector<Symbol> symbols;
  MergeScratch merging;
  std::vector<Unigram::Found> found;
  std::string text;
};

// Immutable, thread-safe.
class Model {
 public:
  virtual ~Model() = default;

  // Appends the tokens of a piece.  piece: valid UTF-8, not empty.
  virtual void encode(std::string_view piece, EncodeScratch& scratch, std::vector<TokenId>& tokens) const = 0;
};

// The model's own tokens, without those that tokenizer.json adds.  Ids that nobody has are empty texts.
// Errors: corrupt_data (names the field).
Result<StringArray> read_model_tokens(const JsonNode& node);

// table: begins with the model's own tokens, of which there are own_tokens, and must outlive the model.
// Errors: corrupt_data (names the field), invalid_argument (a type that we do not know; lists ours).
Result<std::unique_ptr<Model>> read_model(const JsonNode& node, const TokenTable& table, std::size_t own_tokens);

// The kinds, for read_model.
class OwnTokens;
Result<std::unique_ptr<Model>> read_bpe(const JsonNode& node, const OwnTokens& tokens);
Result<std::unique_ptr<Model>> read_unigram(const JsonNode& node, const OwnTokens& tokens);
Result<std::unique_ptr<Model>> read_word_piece(const JsonNode& node, const OwnTokens& tokens);
Result<std::unique_ptr<Model>> read_word_level(const JsonNode& node, const OwnTokens& tokens);

// Looks texts up among the model's own tokens.  A value: the table must outlive it.
class OwnTokens {
 public:
  OwnTokens(const TokenTable& table, std::size_t count) : table_(&table), count_(count) {}

  std::size_t size() const { return count_; }
  const TokenTable& table() const { return *table_; }  // with tokens that are not the model's own
  std::string_view text(TokenId token) const { return table_->text(token); }
  std::optional<TokenId> find(std::string_view text) const {
    const auto token = table_->find(text);
    return token.has_value() && static_cast<std::size_t>(*token) < count_ ? token : std::nullopt;
  }

 private:
  const TokenTable* table_;
  std::size_t count_;
};

}  // namespace sixfold::tokenizer::hf
