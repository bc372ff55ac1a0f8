// Encodes the parts between special tokens, and decodes token by token.
#include "tokenizer/base_tokenizer.h"

#include "core/error.h"
#include "core/limits.h"

namespace sixfold::tokenizer {

BaseTokenizer::BaseTokenizer(TokenTable table, SpecialTokens special, Defaults defaults)
    : table_(std::move(table)), special_(std::move(special)) {
  const Vocabulary& vocabulary = table_.vocabulary();
  adds_bos_ = vocabulary.adds_bos.value_or(defaults.adds_bos) && vocabulary.bos.has_value();
  adds_eos_ = vocabulary.adds_eos.value_or(defaults.adds_eos) && vocabulary.eos.has_value();
  adds_space_prefix_ = defaults.adds_space_prefix && vocabulary.adds_space_prefix.value_or(true);
  infill_ = find_infill_tokens(vocabulary, [this](std::string_view text) { return table_.find(text); });
}

Result<std::vector<TokenId>> BaseTokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  if (text.size() > limits::kTokenizeBytesMax) {
    return invalid_argument("text: want at most {} bytes, got {}", limits::kTokenizeBytesMax, text.size());
  }
  std::vector<TokenId> tokens;
  if (options.adds_special && adds_bos_) tokens.push_back(*bos());
  bool follows_special = true;
  for (const TextPart& part : special_.split(text, options.parses_special)) {
    if (part.token.has_value()) {
      tokens.push_back(*part.token);
    } else {
      SIXFOLD_TRY_STATUS(encode_plain(part.text, follows_special, tokens));
    }
    follows_special = part.token.has_value();
  }
  if (options.adds_special && adds_eos_) tokens.push_back(*eos());
  return tokens;
}

std::string BaseTokenizer::piece(TokenId token, bool shows_special) const {
  if (!table_.has(token)) return {};
  if (table_.is_hidden(token)) return std::string(shows_special ? table_.text(token) : "");
  if (table_.kind(token) == TokenKind::kUserDefined) return std::string(table_.text(token));
  return plain_piece(token);
}

std::string BaseTokenizer::decode(std::span<const TokenId> tokens, bool shows_special) const {
  std::string text;
  bool is_first = true;
  for (const TokenId token : tokens) {
    const std::string bytes = piece(token, shows_special);
    const bool drops_space = is_first && adds_space_prefix() && bytes.starts_with(' ');
    text.append(bytes, drops_space ? 1 : 0);
    if (!bytes.empty()) is_first = false;
  }
  return text;
}

Result<PairForm> BaseTokenizer::pair_form() const {
  const bool has_one_type = table_.vocabulary().token_types == std::size_t{1};
  PairForm form;
  if (adds_bos_) form.before.push_back(*bos());
  if (adds_eos_) {
    form.between.assign(has_one_type ? 2 : 1, *eos());
    form.after.push_back(*eos());
  }
  if (!has_one_type) form.second_type_begin = form.between.size();
  return form;
}

}  // namespace sixfold::tokenizer
