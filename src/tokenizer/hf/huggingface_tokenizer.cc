// Reads the file and runs its stages: added tokens, normalizer, pre-tokenizer, model, post-processor; and the decoder.
#include "tokenizer/hf/huggingface_tokenizer.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "core/utf8.h"
#include "tokenizer/hf/added_tokens.h"
#include "tokenizer/hf/decoder.h"
#include "tokenizer/hf/model.h"
#include "tokenizer/hf/normalizer.h"
#include "tokenizer/hf/pieces.h"
#include "tokenizer/hf/post_processor.h"
#include "tokenizer/hf/pre_tokenizer.h"
#include "tokenizer/special_names.h"

namespace sixfold::tokenizer::hf {
namespace {

namespace json = boost::json;

constexpr std::size_t kJsonDepthMax = 32;

struct Stages {
  std::unique_ptr<const TokenTable> table;  // where it lies, the model finds it
  std::unique_ptr<Normalizer> normalizer;   // null: none
  std::unique_ptr<PreTokenizer> pre_tokenizer;
  std::unique_ptr<Model> model;
  std::unique_ptr<Decoder> decoder;
  Surroundings surroundings;
  std::vector<AddedToken> added;
};

class HuggingFaceTokenizer final : public Tokenizer {
 public:
  HuggingFaceTokenizer(Stages stages, AddedTokenFinder raw, AddedTokenFinder normalized)
      : stages_(std::move(stages)), raw_(std::move(raw)), normalized_(std::move(normalized)) {}

  Result<std::vector<TokenId>> encode(std::string_view text, const EncodeOptions& options) const override;
  std::string piece(TokenId token, bool shows_special) const override {
    return is_shown(token, shows_special) ? decoded(token, TokenPlace()) : std::string();
  }
  std::string decode(std::span<const TokenId> tokens, bool shows_special) const override;

  Result<PairForm> pair_form() const override { return stages_.surroundings.pair; }

  std::size_t size() const override { return table().size(); }
  std::optional<TokenId> bos() const override { return table().vocabulary().bos; }
  std::optional<TokenId> eos() const override { return table().vocabulary().eos; }
  bool adds_bos() const override {
    const std::vector<TokenId>& before = stages_.surroundings.before;
    return bos().has_value() && std::find(before.begin(), before.end(), *bos()) != before.end();
  }
  bool ends_generation(TokenId token) const override { return table().ends_generation(token); }
  std::optional<TokenId> find(std::string_view token) const override { return table().find(token); }
  const std::string& chat_template() const override { return table().vocabulary().chat_template; }

 private:
  const TokenTable& table() const { return *stages_.table; }
  Status encode_raw(std::string_view text, bool starts_text, bool takes_special, EncodeScratch& scratch,
                    std::vector<TokenId>& tokens) const;
  Status encode_normalized(std::string_view text, bool starts_text, EncodeScratch& scratch,
                           std::vector<TokenId>& tokens) const;
  bool is_shown(TokenId token, bool shows_special) const {
    return table().has(token) && (shows_special || !table().is_hidden(token)) && !table().text(token).empty();
  }
  std::string decoded(TokenId token, const TokenPlace& place) const;

  const Stages stages_;
  const AddedTokenFinder raw_;         // looks into the text as it came
  const AddedTokenFinder normalized_;  // looks into the normalized text
};

Result<std::vector<TokenId>> HuggingFaceTokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  if (text.size() > limits::kTokenizeBytesMax) {
    return invalid_argument("text: want at most {} bytes, got {}", limits::kTokenizeBytesMax, text.size());
  }
  std::string repaired;
  if (!is_valid_utf8(text)) {
    repaired = replace_broken_utf8(text);
    text = repaired;
  }
  const Surroundings& around = stages_.surroundings;
  std::vector<TokenId> tokens;
  if (options.adds_special) tokens = around.before;
  EncodeScratch scratch;
  for (const TextPart& part : raw_.split(text, options.parses_special)) {
    if (part.token.has_value()) {
      tokens.push_back(*part.token);
    } else {
      const bool starts_text = part.text.data() == text.data();
      SIXFOLD_TRY_STATUS(encode_raw(part.text, starts_text, options.parses_special, scratch, tokens));
    }
  }
  if (options.adds_special) tokens.insert(tokens.end(), around.after.begin(), around.after.end());
  return tokens;
}

Status HuggingFaceTokenizer::encode_raw(std::string_view text, bool starts_text, bool takes_special,
                                        EncodeScratch& scratch, std::vector<TokenId>& tokens) const {
  std::string normalized(text);
  if (stages_.normalizer != nullptr) SIXFOLD_TRY_STATUS(stages_.normalizer->apply(normalized));
  for (const TextPart& part : normalized_.split(normalized, takes_special)) {
    if (part.token.has_value()) {
      tokens.push_back(*part.token);
    } else {
      const bool is_first = starts_text && part.text.data() == normalized.data();
      SIXFOLD_TRY_STATUS(encode_normalized(part.text, is_first, scratch, tokens));
    }
  }
  return ok();
}

Status HuggingFaceTokenizer::encode_normalized(std::string_view text, bool starts_text, EncodeScratch& scratch,
                                               std::vector<TokenId>& tokens) const {
  Pieces pieces(std::string(text), starts_text);
  if (stages_.pre_tokenizer != nullptr) SIXFOLD_TRY_STATUS(stages_.pre_tokenizer->apply(pieces));
  for (std::size_t i = 0; i < pieces.size(); ++i) stages_.model->encode(pieces[i], scratch, tokens);
  return ok();
}

std::string HuggingFaceTokenizer::decoded(TokenId token, const TokenPlace& place) const {
  std::string text(table().text(token));
  stages_.decoder->apply(text, place);
  return text;
}

std::string HuggingFaceTokenizer::decode(std::span<const TokenId> tokens, bool shows_special) const {
  std::string text;
  bool is_first = true;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!is_shown(tokens[i], shows_special)) continue;
    // A token alone may be the first of a stream, where others follow.
    const bool is_last = i + 1 == tokens.size() && tokens.size() > 1;
    text += decoded(tokens[i], {is_first, is_last});
    is_first = false;
  }
  return text;
}

// The model's tokens, then the added ones.  An added token that the model has too keeps the model's id.
Status add_tokens(StringArray own, std::vector<AddedToken>& added, Vocabulary& vocabulary) {
  const std::size_t own_count = own.size();
  std::size_t count = std::max(own_count, vocabulary.tokens_min);
  // More tokens than the embedding has rows: those that the model knows nothing of are left out.
  if (vocabulary.tokens_min > 0) {
    std::erase_if(added, [&](const AddedToken& token) {
      return static_cast<std::size_t>(token.token) >= std::max(own_count, vocabulary.tokens_min);
    });
  }
  for (const AddedToken& token : added) count = std::max(count, static_cast<std::size_t>(token.token) + 1);
  std::vector<std::string_view> texts(count);
  for (std::size_t i = 0; i < own_count; ++i) texts[i] = own[i];
  vocabulary.kinds.assign(count, TokenKind::kNormal);
  for (const AddedToken& token : added) {
    const auto id = static_cast<std::size_t>(token.token);
    if (texts[id].empty()) texts[id] = token.text;
    if (texts[id] != token.text) {
      return corrupt_data("tokenizer.json: added_tokens: id {} is \"{}\" in the model, got \"{}\"", id, texts[id],
                          token.text);
    }
    vocabulary.kinds[id] = token.is_special ? TokenKind::kControl : TokenKind::kUserDefined;
  }
  vocabulary.tokens.clear();
  for (std::size_t i = 0; i < count; ++i) {
    vocabulary.tokens.push_back(texts[i]);
    if (texts[i].empty()) vocabulary.kinds[i] = TokenKind::kUnused;
  }
  return ok();
}

// tokenizer_config.json may ask for a begin or an end that the post-processor lacks, or against one that it has.
// transformers then makes the post-processor anew, with the same around both texts of a pair.
void follow_flags(const Vocabulary& vocabulary, Surroundings& around) {
  std::vector<TokenId>& before = around.before;
  std::vector<TokenId>& after = around.after;
  const std::vector<TokenId> old_before = before;
  const std::vector<TokenId> old_after = after;
  if (vocabulary.adds_bos.has_value() && vocabulary.bos.has_value()) {
    const bool has_bos = !before.empty() && before.front() == *vocabulary.bos;
    if (*vocabulary.adds_bos && !has_bos) before.insert(before.begin(), *vocabulary.bos);
    if (!*vocabulary.adds_bos && has_bos) before.erase(before.begin());
  }
  if (vocabulary.adds_eos.has_value() && vocabulary.eos.has_value()) {
    const bool has_eos = !after.empty() && after.back() == *vocabulary.eos;
    if (*vocabulary.adds_eos && !has_eos) after.push_back(*vocabulary.eos);
    if (!*vocabulary.adds_eos && has_eos) after.pop_back();
  }
  if (before == old_before && after == old_after) return;
  PairForm pair = {.before = before, .between = after, .after = after, .second_type_begin = after.size()};
  pair.between.insert(pair.between.end(), before.begin(), before.end());
  around.pair = std::move(pair);
}

Status read_stages(const JsonNode& document, std::size_t own_tokens, Stages& stages) {
  if (const auto node = document.find("normalizer"); node.has_value()) {
    SIXFOLD_TRY(stages.normalizer, read_normalizer(*node));
  }
  if (const auto node = document.find("pre_tokenizer"); node.has_value()) {
    SIXFOLD_TRY(stages.pre_tokenizer, read_pre_tokenizer(*node));
  }
  SIXFOLD_TRY(const JsonNode model, document.get("model"));
  SIXFOLD_TRY(stages.model, read_model(model, *stages.table, own_tokens));
  if (const auto node = document.find("post_processor"); node.has_value()) {
    SIXFOLD_TRY(stages.surroundings, read_post_processor(*node, stages.table->size()));
  }
  stages.decoder = default_decoder();
  if (const auto node = document.find("decoder"); node.has_value()) {
    SIXFOLD_TRY(stages.decoder, read_decoder(*node));
  }
  return ok();
}

// Tokens that only some text ends with, whatever the file calls them, are found on request, as GGUF's are.
Result<std::unique_ptr<Tokenizer>> assemble(Stages stages) {
  std::vector<AddedToken> raw;
  std::vector<AddedToken> normalized;
  for (AddedToken& token : stages.added) {
    token.is_special = token.is_special || stages.table->has_end_text(token.token);
    if (token.is_normalized && stages.normalizer != nullptr) {
      SIXFOLD_TRY_STATUS(stages.normalizer->apply(token.text));
    }
    (token.is_normalized ? normalized : raw).push_back(token);
  }
  return std::unique_ptr<Tokenizer>(std::make_unique<HuggingFaceTokenizer>(
      std::move(stages), AddedTokenFinder(std::move(raw)), AddedTokenFinder(std::move(normalized))));
}

}  // namespace

Result<std::unique_ptr<Tokenizer>> make_huggingface_tokenizer(Vocabulary vocabulary) {
  const std::string text = std::move(vocabulary.huggingface_json);
  vocabulary.huggingface_json.clear();
  json::monotonic_resource memory(text.size() * 2 + 1024);
  json::parse_options parse_options;
  parse_options.max_depth = kJsonDepthMax;
  boost::system::error_code error;
  const json::value parsed = json::parse(text, error, &memory, parse_options);
  if (error) return corrupt_data("tokenizer.json: want JSON: {}", error.message());
  const JsonNode document(parsed, "");
  SIXFOLD_TRY_STATUS(document.object());
  SIXFOLD_TRY(const JsonNode model, document.get("model"));
  SIXFOLD_TRY(StringArray own, read_model_tokens(model));
  const std::size_t own_count = own.size();
  Stages stages;
  SIXFOLD_TRY(stages.added, read_added_tokens(document));
  SIXFOLD_TRY_STATUS(add_tokens(std::move(own), stages.added, vocabulary));
  name_special_tokens(vocabulary);
  SIXFOLD_TRY(TokenTable table, TokenTable::make(std::move(vocabulary)));
  stages.table = std::make_unique<const TokenTable>(std::move(table));
  SIXFOLD_TRY_STATUS(read_stages(document, own_count, stages));
  follow_flags(stages.table->vocabulary(), stages.surroundings);
  return assemble(std::move(stages));
}

}  // namespace sixfold::tokenizer::hf
