// Unigram, WordPiece and WordLevel: what tokenizer.json says, handed to the shared implementations.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "tokenizer/hf/model.h"
#include "tokenizer/sentencepiece_text.h"
#include "tokenizer/word_piece.h"

namespace sixfold::tokenizer::hf {
namespace {

namespace json = boost::json;

constexpr double kUnknownPenalty = 10.0;  // models/unigram/model.rs, K_UNK_PENALTY

class UnigramModel final : public Model {
 public:
  UnigramModel(const OwnTokens& tokens, Unigram model, std::optional<TokenId> unknown, bool falls_back_to_bytes)
      : tokens_(tokens), model_(std::move(model)), unknown_(unknown), falls_back_to_bytes_(falls_back_to_bytes) {}

  void encode(std::string_view piece, EncodeScratch& scratch, std::vector<TokenId>& tokens) const override {
    scratch.found.clear();
    model_.encode(piece, scratch.found);
    for (const Unigram::Found& found : scratch.found) {
      // Unknown characters together may be a text that the vocabulary has: that of the unknown token.
      const std::optional<TokenId> token = found.token != Unigram::kUnknown ? found.token : tokens_.find(found.text);
      if (token.has_value()) {
        tokens.push_back(*token);
      } else if (!(falls_back_to_bytes_ && push_bytes(found.text, tokens)) && unknown_.has_value()) {
        tokens.push_back(*unknown_);
      }
    }
  }

 private:
  bool push_bytes(std::string_view text, std::vector<TokenId>& tokens) const {
    const std::size_t before = tokens.size();
    for (const char byte : text) {
      const auto token = tokens_.find(byte_token_text(static_cast<unsigned char>(byte)));
      if (!token.has_value()) {
        tokens.resize(before);
        return false;
      }
      tokens.push_back(*token);
    }
    return true;
  }

  const OwnTokens tokens_;
  const Unigram model_;
  const std::optional<TokenId> unknown_;
  const bool falls_back_to_bytes_;
};

class WordPieceModel final : public Model {
 public:
  explicit WordPieceModel(WordPiece model) : model_(std::move(model)) {}
  void encode(std::string_view piece, EncodeScratch& /*scratch*/, std::vector<TokenId>& tokens) const override {
    model_.encode(piece, tokens);
  }

 private:
  const WordPiece model_;
};

class WordLevelModel final : public Model {
 public:
  WordLevelModel(const OwnTokens& tokens, std::optional<TokenId> unknown) : tokens_(tokens), unknown_(unknown) {}
  void encode(std::string_view piece, EncodeScratch& /*scratch*/, std::vector<TokenId>& tokens) const override {
    const auto token = tokens_.find(piece);
    if (token.has_value()) {
      tokens.push_back(*token);
    } else if (unknown_.has_value()) {
      tokens.push_back(*unknown_);
    }
  }

 private:
  const OwnTokens tokens_;
  const std::optional<TokenId> unknown_;
};

}  // namespace

Result<std::unique_ptr<Model>> read_unigram(const JsonNode& node, const OwnTokens& tokens) {
  SIXFOLD_TRY(const JsonNode vocabulary, node.get("vocab"));
  SIXFOLD_TRY(const json::array* list, vocabulary.array());
  SIXFOLD_TRY(const bool falls_back_to_bytes, node.flag_or("byte_fallback", false));
  std::optional<TokenId> unknown;
  if (const auto field = node.find("unk_id"); field.has_value()) {
    SIXFOLD_TRY(const std::uint64_t id, field->count());
    if (id >= list->size()) return field->error(fmt::format("want an id below {}, got {}", list->size(), id));
    unknown = static_cast<TokenId>(id);
  }
  std::vector<Unigram::Piece> pieces;
  pieces.reserve(list->size());
  double score_min = std::numeric_limits<double>::max();
  for (std::size_t i = 0; i < list->size(); ++i) {
    const json::value& row = (*list)[i];
    const bool is_pair = row.is_array() && row.get_array().size() == 2 && row.get_array()[1].is_number();
    if (!is_pair) return vocabulary.element(i).error("want a text and a score");
    const auto token = static_cast<TokenId>(i);
    const double score = row.get_array()[1].to_number<double>();
    if (!std::isfinite(score)) return vocabulary.element(i).error("want a score that is a finite number");
    score_min = std::min(score_min, score);
    // Finding the unknown token's own text is not knowing it.
    pieces.push_back({tokens.text(token), unknown == token ? Unigram::kUnknown : token, score});
  }
  return std::unique_ptr<Model>(std::make_unique<UnigramModel>(tokens, Unigram(pieces, score_min - kUnknownPenalty),
                                                               unknown, falls_back_to_bytes));
}

Result<std::unique_ptr<Model>> read_word_piece(const JsonNode& node, const OwnTokens& tokens) {
  SIXFOLD_TRY(const std::string_view prefix, node.string_or("continuing_subword_prefix", "##"));
  SIXFOLD_TRY(const std::string_view unknown, node.string_or("unk_token", "[UNK]"));
  WordPiece::Pieces pieces;
  pieces.unknown = tokens.find(unknown);
  SIXFOLD_TRY(pieces.characters_max, node.count_or("max_input_chars_per_word", 100));
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const auto token = static_cast<TokenId>(i);
    const std::string_view text = tokens.text(token);
    pieces.first.push_back({text, token});
    if (text.starts_with(prefix)) pieces.later.push_back({text.substr(prefix.size()), token});
  }
  return std::unique_ptr<Model>(std::make_unique<WordPieceModel>(WordPiece(std::move(pieces))));
}

Result<std::unique_ptr<Model>> read_word_level(const JsonNode& node, const OwnTokens& tokens) {
  SIXFOLD_TRY(const std::string_view unknown, node.string_or("unk_token", "<unk>"));
  return std::unique_ptr<Model>(std::make_unique<WordLevelModel>(tokens, tokens.find(unknown)));
}

}  // namespace sixfold::tokenizer::hf
