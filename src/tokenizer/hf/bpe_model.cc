// Byte-pair encoding over characters, with merges by rank.
#include <array>
#include <utility>

#include "core/limits.h"
#include "core/utf8.h"
#include "tokenizer/hf/model.h"
#include "tokenizer/merge_table_builder.h"
#include "tokenizer/sentencepiece_text.h"

namespace sixfold::tokenizer::hf {
namespace {

namespace json = boost::json;

constexpr TokenId kNoToken = -1;

struct BpeOptions {
  std::string later_prefix;  // of every character of a piece but the first ("##")
  std::string last_suffix;   // of the last character of a piece ("</w>")
  std::optional<TokenId> unknown;
  bool fuses_unknown = false;  // neighbouring unknown characters are one token
  bool falls_back_to_bytes = false;
  bool ignores_merges = false;  // a piece that is a token is taken whole
};

class BpeModel final : public Model {
 public:
  BpeModel(const OwnTokens& tokens, BpeOptions options, MergeTable merges)
      : tokens_(tokens), options_(std::move(options)), merges_(std::move(merges)) {
    for (unsigned byte = 0; byte < byte_tokens_.size(); ++byte) {
      const auto value = static_cast<unsigned char>(byte);
      byte_tokens_[byte] = tokens_.find(byte_token_text(value)).value_or(kNoToken);
    }
    for (unsigned letter = 0; letter < ascii_tokens_.size(); ++letter) {
      const char text = static_cast<char>(letter);
      ascii_tokens_[letter] = tokens_.find({&text, 1}).value_or(kNoToken);
    }
  }

  void encode(std::string_view piece, EncodeScratch& scratch, std::vector<TokenId>& tokens) const override {
    if (options_.ignores_merges) {
      if (const auto whole = tokens_.find(piece); whole.has_value()) {
        tokens.push_back(*whole);
        return;
      }
    }
    scratch.symbols.clear();
    bool is_behind_unknown = false;
    for (std::size_t at = 0; at < piece.size();) {
      const std::string_view character = piece.substr(at, read_utf8(piece.substr(at)).bytes);
      const bool is_last = at + character.size() == piece.size();
      const std::string_view text = decorated(character, at == 0, is_last, scratch.text);
      is_behind_unknown = push_character(text, is_behind_unknown, scratch.symbols);
      at += character.size();
    }
    scratch.merging.merge(merges_, scratch.symbols);
    for (const Symbol& symbol : scratch.symbols) tokens.push_back(symbol.id);
  }

 private:
  // The character as the vocabulary writes it in this place.
  std::string_view decorated(std::string_view character, bool is_first, bool is_last, std::string& buffer) const {
    const std::string_view prefix = is_first ? std::string_view() : options_.later_prefix;
    const std::string_view suffix = is_last ? options_.last_suffix : std::string_view();
    if (prefix.empty() && suffix.empty()) return character;
    buffer.assign(prefix).append(character).append(suffix);
    return buffer;
  }

  // Returns whether the character was unknown.
  bool push_character(std::string_view text, bool is_behind_unknown, std::vector<Symbol>& symbols) const {
    const auto first = static_cast<unsigned char>(text[0]);
    const TokenId token =
        text.size() == 1 && first < ascii_tokens_.size() ? ascii_tokens_[first] : tokens_.find(text).value_or(kNoToken);
    if (token != kNoToken) {
      symbols.push_back({token, 0});
      return false;
    }
    if (options_.falls_back_to_bytes && push_bytes(text, symbols)) return false;
    const bool is_fused = options_.fuses_unknown && is_behind_unknown;
    if (options_.unknown.has_value() && !is_fused) symbols.push_back({*options_.unknown, 0});
    return true;
  }

  bool push_bytes(std::string_view text, std::vector<Symbol>& symbols) const {
    const std::size_t before = symbols.size();
    for (const char byte : text) {
      const TokenId token = byte_tokens_[static_cast<unsigned char>(byte)];
      if (token == kNoToken) {
        symbols.resize(before);
        return false;
      }
      symbols.push_back({token, 0});
    }
    return true;
  }

  const OwnTokens tokens_;
  const BpeOptions options_;
  const MergeTable merges_;
  std::array<TokenId, 256> byte_tokens_;   // kNoToken: none
  std::array<TokenId, 128> ascii_tokens_;  // the same
};

// "left right", or ["left", "right"].
std::optional<MergeTexts> texts_of(const json::value& value) {
  if (value.is_array() && value.get_array().size() == 2 && value.get_array()[0].is_string() &&
      value.get_array()[1].is_string()) {
    return MergeTexts{value.get_array()[0].get_string(), value.get_array()[1].get_string()};
  }
  if (!value.is_string()) return std::nullopt;
  const std::string_view text = value.get_string();
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos || text.find(' ', space + 1) != std::string_view::npos) return std::nullopt;
  return MergeTexts{text.substr(0, space), text.substr(space + 1)};
}

Result<MergeTable> read_merges(const JsonNode& node, const OwnTokens& tokens, std::size_t prefix_bytes) {
  SIXFOLD_TRY(const JsonNode merges, node.get("merges"));
  SIXFOLD_TRY(const json::array* list, merges.array());
  if (list->size() > limits::kVocabularyMax) {
    return merges.error(fmt::format("want at most {}, got {}", limits::kVocabularyMax, list->size()));
  }
  const MergeSource source{
      .count = list->size(),
      .texts = [list](std::size_t rank) { return texts_of((*list)[rank]); },
      .error = [&merges](std::size_t rank, std::string_view problem) { return merges.element(rank).error(problem); },
      .tokens_end = tokens.size(),
      .right_prefix_bytes = prefix_bytes};
  return MergeTableBuilder(tokens.table(), source).build();
}

}  // namespace

Result<std::unique_ptr<Model>> read_bpe(const JsonNode& node, const OwnTokens& tokens) {
  BpeOptions options;
  SIXFOLD_TRY(options.later_prefix, node.string_or("continuing_subword_prefix", ""));
  SIXFOLD_TRY(options.last_suffix, node.string_or("end_of_word_suffix", ""));
  SIXFOLD_TRY(options.fuses_unknown, node.flag_or("fuse_unk", false));
  SIXFOLD_TRY(options.falls_back_to_bytes, node.flag_or("byte_fallback", false));
  SIXFOLD_TRY(options.ignores_merges, node.flag_or("ignore_merges", false));
  SIXFOLD_TRY(const std::string_view unknown, node.string_or("unk_token", ""));
  options.unknown = tokens.find(unknown);
  SIXFOLD_TRY(MergeTable merges, read_merges(node, tokens, options.later_prefix.size()));
  return std::unique_ptr<Model>(std::make_unique<BpeModel>(tokens, std::move(options), std::move(merges)));
}

}  // namespace sixfold::tokenizer::hf
