// SentencePiece's BPE with byte fallback, the tokenizer of Llama 2, Mistral 7B, Phi-3 and others ("llama" in model
// files).  Source: Kudo and Richardson, arXiv:1808.06226; the meaning of scores and pieces:
// github.com/google/sentencepiece, src/sentencepiece_model.proto.
#include <algorithm>
#include <array>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "core/error.h"
#include "core/utf8.h"
#include "tokenizer/base_tokenizer.h"
#include "tokenizer/merges.h"
#include "tokenizer/sentencepiece_text.h"

namespace sixfold::tokenizer {
namespace {

constexpr TokenId kNoToken = -1;

// Longer tokens are never made by merging.  Trainers stop at 16 characters by default, and the longest tokens of
// published vocabularies (runs of spaces or newlines) have about 100 bytes.  Bounds the time to load a hostile file.
constexpr std::size_t kMergedTokenBytesMax = 256;

// The merges that the tokens imply: any two symbols merge when their texts together are a token.
struct ImpliedMerges {
  // Every character that occurs in a token; those that are no token themselves have ids past the vocabulary's.
  std::unordered_map<std::string, TokenId> symbol_of_character;
  MergeTable table{0};
  // True when no token has a space mark behind another character: then no merge crosses from one word to the next.
  bool stays_in_words = true;
};

// Tokens that merging can make: not control, unknown or byte tokens.
bool is_made_by_merging(const TokenTable& table, TokenId token) {
  const TokenKind kind = table.kind(token);
  const std::string_view text = table.text(token);
  return (kind == TokenKind::kNormal || kind == TokenKind::kUserDefined || kind == TokenKind::kUnused) &&
         !text.empty() && text.size() <= kMergedTokenBytesMax && table.find(text) == token;
}

class ImpliedMergesBuilder {
 public:
  explicit ImpliedMergesBuilder(const TokenTable& table) : table_(table), next_id_(static_cast<TokenId>(table.size())) {
    for (std::size_t i = 0; i < table.size(); ++i) {
      if (is_made_by_merging(table, static_cast<TokenId>(i))) tokens_.push_back(static_cast<TokenId>(i));
    }
  }

  ImpliedMerges build() {
    for (const TokenId token : tokens_) add_characters(table_.text(token));
    rank_tokens();
    for (const TokenId token : tokens_) add_splits(token);
    made_.table = MergeTable(splits_.size());
    for (const Split& split : splits_) made_.table.add(split.left, split.right, split.merge);
    return std::move(made_);
  }

 private:
  struct Split {
    TokenId left = 0, right = 0;
    MergeTable::Merge merge;
  };

  void add_characters(std::string_view text) {
    bool is_behind_other = false;
    while (!text.empty()) {
      const Utf8Step step = read_utf8(text);
      const std::string_view character = text.substr(0, step.bytes);
      if (character == kSpaceMark && is_behind_other) made_.stays_in_words = false;
      is_behind_other = character != kSpaceMark;
      const auto [place, is_new] = made_.symbol_of_character.try_emplace(std::string(character), kNoToken);
      if (is_new) {
        const auto token = table_.find(character);
        place->second = token.has_value() && is_made_by_merging(table_, *token) ? *token : next_id_++;
      }
      text.remove_prefix(step.bytes);
    }
  }

  // Best score first; equal scores have equal ranks, so that the leftmost pair wins.
  void rank_tokens() {
    ranks_.resize(table_.size());
    const std::vector<float>& scores = table_.vocabulary().scores;
    std::vector<TokenId> order = tokens_;
    const auto score = [&](TokenId token) { return scores[static_cast<std::size_t>(token)]; };
    std::sort(order.begin(), order.end(), [&](TokenId a, TokenId b) { return score(a) > score(b); });
    std::uint32_t rank = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (i > 0 && score(order[i]) != score(order[i - 1])) ++rank;
      ranks_[static_cast<std::size_t>(order[i])] = rank;
    }
  }

  void add_splits(TokenId token) {
    const std::string_view text = table_.text(token);
    for (std::size_t at = read_utf8(text).bytes; at < text.size(); at += read_utf8(text.substr(at)).bytes) {
      const auto left = symbol_of(text.substr(0, at));
      const auto right = left.has_value() ? symbol_of(text.substr(at)) : std::nullopt;
      if (right.has_value()) splits_.push_back({*left, *right, {ranks_[static_cast<std::size_t>(token)], token}});
    }
  }

  std::optional<TokenId> symbol_of(std::string_view text) const {
    const auto token = table_.find(text);
    if (token.has_value() && is_made_by_merging(table_, *token)) return token;
    if (read_utf8(text).bytes != text.size()) return std::nullopt;
    return made_.symbol_of_character.at(std::string(text));
  }

  const TokenTable& table_;
  TokenId next_id_;
  std::vector<TokenId> tokens_;
  std::vector<std::uint32_t> ranks_;
  std::vector<Split> splits_;
  ImpliedMerges made_;
};

class SentencePieceBpe final : public BaseTokenizer {
 public:
  SentencePieceBpe(TokenTable tokens, SpecialTokens special, ImpliedMerges merges,
                   std::optional<SentencePieceText> rules)
      : BaseTokenizer(std::move(tokens), std::move(special), {.adds_bos = true, .adds_space_prefix = true}),
        merges_(std::move(merges)),
        rules_(std::move(rules)) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      byte_tokens_[byte] = table().find(byte_token_text(static_cast<unsigned char>(byte))).value_or(kNoToken);
    }
    ascii_symbols_.fill(kNoToken);
    space_symbol_ = symbol_of(kSpaceMark);
    for (const auto& [character, symbol] : merges_.symbol_of_character) {
      const auto first = static_cast<unsigned char>(character[0]);
      if (first < ascii_symbols_.size()) ascii_symbols_[first] = symbol;
    }
  }

 private:
  Status encode_plain(std::string_view text, bool follows_special, std::vector<TokenId>& tokens) const override {
    const bool begins_with_space = follows_special && adds_space_prefix();
    const std::string marked =
        rules_.has_value() ? rules_->normalized(text, begins_with_space) : with_marks(text, begins_with_space);
    std::vector<Symbol> symbols;
    MergeScratch scratch;
    bool is_behind_other = false;
    std::size_t word_begin = 0;
    for (std::size_t at = 0; at < marked.size();) {
      const Utf8Step step = read_utf8(std::string_view(marked).substr(at));
      const std::string_view character = std::string_view(marked).substr(at, step.bytes);
      if (merges_.stays_in_words && is_behind_other && character == kSpaceMark) {
        encode_word(std::string_view(marked).substr(word_begin, at - word_begin), symbols, scratch, tokens);
        word_begin = at;
      }
      symbols.push_back({symbol_of(character), static_cast<std::uint32_t>(at - word_begin)});
      is_behind_other = character != kSpaceMark;
      at += step.bytes;
    }
    encode_word(std::string_view(marked).substr(word_begin), symbols, scratch, tokens);
    return ok();
  }

  // Without rules broken UTF-8 stays, and becomes byte tokens.
  static std::string with_marks(std::string_view text, bool begins_with_space) {
    std::string marked;
    marked.reserve(text.size() + text.size() / 2);
    if (begins_with_space) marked += kSpaceMark;
    for (const char byte : text) {
      if (byte == ' ') {
        marked += kSpaceMark;
      } else {
        marked += byte;
      }
    }
    return marked;
  }

  // symbols: the characters of word; empty afterwards.
  void encode_word(std::string_view word, std::vector<Symbol>& symbols, MergeScratch& scratch,
                   std::vector<TokenId>& tokens) const {
    scratch.merge(merges_.table, symbols);
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      const Symbol& symbol = symbols[i];
      if (table().has(symbol.id)) {
        tokens.push_back(symbol.id);
        continue;
      }
      const std::size_t end = i + 1 < symbols.size() ? symbols[i + 1].begin : word.size();
      push_bytes(word.substr(symbol.begin, end - symbol.begin), tokens);
    }
    symbols.clear();
  }

  // A character without a token, byte by byte.  Without byte tokens it is unknown, once for all
  // unknown characters that stand together.
  void push_bytes(std::string_view character, std::vector<TokenId>& tokens) const {
    const auto lacks = [&](char byte) { return byte_tokens_[static_cast<unsigned char>(byte)] == kNoToken; };
    if (std::any_of(character.begin(), character.end(), lacks)) {
      const std::optional<TokenId> unknown = table().vocabulary().unknown;
      const bool is_behind_unknown = !tokens.empty() && tokens.back() == unknown;
      if (unknown.has_value() && !is_behind_unknown) tokens.push_back(*unknown);
      return;
    }
    for (const char byte : character) tokens.push_back(byte_tokens_[static_cast<unsigned char>(byte)]);
  }

  TokenId symbol_of(std::string_view character) const {
    const auto first = static_cast<unsigned char>(character[0]);
    if (first < ascii_symbols_.size()) return ascii_symbols_[first];
    if (character == kSpaceMark && space_symbol_ != kNoToken) return space_symbol_;
    const auto place = merges_.symbol_of_character.find(std::string(character));
    return place == merges_.symbol_of_character.end() ? kNoToken : place->second;
  }

  std::string plain_piece(TokenId token) const override {
    const std::string_view text = table().text(token);
    const bool is_byte = table().kind(token) == TokenKind::kByte || table().vocabulary().kinds.empty();
    if (const auto byte = byte_of_token_text(text); is_byte && byte.has_value()) {
      return std::string(1, static_cast<char>(*byte));
    }
    return with_spaces(text);
  }

  const ImpliedMerges merges_;
  const std::optional<SentencePieceText> rules_;  // nothing: only spaces are changed
  std::array<TokenId, 256> byte_tokens_;          // kNoToken: none
  std::array<TokenId, 128> ascii_symbols_;        // of symbol_of_character
  TokenId space_symbol_ = kNoToken;
};

}  // namespace

Result<std::unique_ptr<Tokenizer>> make_sentencepiece_bpe(TokenTable table) {
  if (table.vocabulary().scores.size() != table.size()) {
    return corrupt_data("vocabulary: scores: want {}, one per token, got {}", table.size(),
                        table.vocabulary().scores.size());
  }
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto token = static_cast<TokenId>(i);
    if (table.kind(token) == TokenKind::kByte && !byte_of_token_text(table.text(token)).has_value()) {
      return corrupt_data("vocabulary: byte token {}: want <0x00> to <0xFF>, got a text of {} bytes", token,
                          table.text(token).size());
    }
  }
  SIXFOLD_TRY(SpecialTokens special, SpecialTokens::make(table));
  std::optional<SentencePieceText> rules;
  const bool removes_extra_spaces = table.vocabulary().removes_extra_spaces.value_or(false);
  if (removes_extra_spaces || !table.vocabulary().charsmap.empty()) {
    SIXFOLD_TRY(Charsmap charsmap, Charsmap::make(table.vocabulary().charsmap));
    rules = SentencePieceText{std::move(charsmap), removes_extra_spaces};
  }
  ImpliedMerges merges = ImpliedMergesBuilder(table).build();
  return std::unique_ptr<Tokenizer>(
      std::make_unique<SentencePieceBpe>(std::move(table), std::move(special), std::move(merges), std::move(rules)));
}

}  // namespace sixfold::tokenizer
