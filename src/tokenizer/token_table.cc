// Validates a vocabulary and indexes its tokens by text.
#include "tokenizer/token_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <utility>

#include "core/error.h"
#include "core/limits.h"

namespace sixfold::tokenizer {
namespace {

// Texts by which published models end a turn or a document.  Files often name only one of them as EOS, and some mark
// them as user-defined, so that they are told by text.  Source: the models' own generation_config.json files.
constexpr std::array<std::string_view, 16> kEndTexts = {"</s>",
                                                        "<eos>",
                                                        "<|endoftext|>",
                                                        "<|end_of_text|>",
                                                        "<|im_end|>",
                                                        "<|eot_id|>",
                                                        "<|eom_id|>",
                                                        "<|end|>",
                                                        "<|return|>",
                                                        "<end_of_turn>",
                                                        "<EOT>",
                                                        "[EOS]",
                                                        "<|eot|>",
                                                        "<|END_OF_TURN_TOKEN|>",
                                                        "<end_of_utterance>",
                                                        "<｜end▁of▁sentence｜>"};

std::size_t hash_of(std::string_view text) {
  return std::hash<std::string_view>()(text);
}

std::uint32_t tag_of(std::size_t hash) {
  return static_cast<std::uint32_t>(hash >> 32);
}

// Some converters write 0xFFFFFFFF, which arrives as -1, for "no such token".
void drop_absent(std::optional<TokenId>& token) {
  if (token == TokenId{-1}) token.reset();
}

Status check_lengths(const Vocabulary& vocabulary) {
  const std::size_t size = vocabulary.tokens.size();
  if (size == 0 || size > limits::kVocabularyMax) {
    return corrupt_data("vocabulary: tokens: want 1 to {}, got {}", limits::kVocabularyMax, size);
  }
  if (!vocabulary.kinds.empty() && vocabulary.kinds.size() != size) {
    return corrupt_data("vocabulary: token types: want {}, one per token, got {}", size, vocabulary.kinds.size());
  }
  if (!vocabulary.scores.empty() && vocabulary.scores.size() != size) {
    return corrupt_data("vocabulary: scores: want {}, one per token, got {}", size, vocabulary.scores.size());
  }
  const auto is_nan = [](float score) { return std::isnan(score); };
  const auto nan = std::find_if(vocabulary.scores.begin(), vocabulary.scores.end(), is_nan);
  if (nan != vocabulary.scores.end()) {
    return corrupt_data("vocabulary: score of token {}: want a number, got NaN", nan - vocabulary.scores.begin());
  }
  return ok();
}

Status check_ids(const Vocabulary& vocabulary) {
  struct Named {
    std::string_view name;
    std::optional<TokenId> token;
  };
  for (const Named& special :
       {Named{"bos", vocabulary.bos}, Named{"eos", vocabulary.eos}, Named{"unknown", vocabulary.unknown},
        Named{"eot", vocabulary.eot}, Named{"padding", vocabulary.padding}, Named{"classifier", vocabulary.classifier},
        Named{"separator", vocabulary.separator}}) {
    if (!special.token.has_value()) continue;
    const TokenId token = *special.token;
    if (token < 0 || static_cast<std::size_t>(token) >= vocabulary.tokens.size()) {
      return corrupt_data("vocabulary: {} token: want an id below {}, got {}", special.name, vocabulary.tokens.size(),
                          token);
    }
  }
  return ok();
}

}  // namespace

Result<TokenTable> TokenTable::make(Vocabulary vocabulary) {
  for (auto* token : {&vocabulary.bos, &vocabulary.eos, &vocabulary.unknown, &vocabulary.eot, &vocabulary.padding,
                      &vocabulary.classifier, &vocabulary.separator}) {
    drop_absent(*token);
  }
  SIXFOLD_TRY_STATUS(check_lengths(vocabulary));
  SIXFOLD_TRY_STATUS(check_ids(vocabulary));
  return TokenTable(std::move(vocabulary));
}

TokenTable::TokenTable(Vocabulary vocabulary)
    : vocabulary_(std::move(vocabulary)),
      kinds_(vocabulary_.kinds),
      has_end_text_(vocabulary_.tokens.size()),
      ends_(vocabulary_.tokens.size()) {
  kinds_.resize(size(), TokenKind::kNormal);
  slots_.resize(std::bit_ceil(std::max<std::size_t>(size(), 8) * 2));
  for (std::size_t i = 0; i < size(); ++i) {
    const std::string_view text = vocabulary_.tokens[i];
    if (!text.empty()) {
      const std::size_t hash = hash_of(text);
      Slot& slot = slots_[slot_of(text, hash)];
      if (slot.token < 0) slot = {tag_of(hash), static_cast<TokenId>(i)};
    }
    if (std::find(kEndTexts.begin(), kEndTexts.end(), text) == kEndTexts.end()) continue;
    has_end_text_[i] = true;
    // An ordinary token may look like an end without being one: "</s>" is also a tag of HTML.
    if (kinds_[i] == TokenKind::kControl || kinds_[i] == TokenKind::kUserDefined) {
      ends_[i] = true;
      kinds_[i] = TokenKind::kControl;
    }
  }
  for (const std::optional<TokenId> token : {vocabulary_.eos, vocabulary_.eot}) {
    if (token.has_value()) ends_[static_cast<std::size_t>(*token)] = true;
  }
  for (const TokenId token : vocabulary_.end_tokens) {
    if (has(token)) ends_[static_cast<std::size_t>(token)] = true;
  }
}

// The slot that holds the text, or the empty one where it belongs.
std::size_t TokenTable::slot_of(std::string_view text, std::size_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  while (slots_[slot].token >= 0 && (slots_[slot].tag != tag_of(hash) ||
                                     vocabulary_.tokens[static_cast<std::size_t>(slots_[slot].token)] != text)) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

std::optional<TokenId> TokenTable::find(std::string_view text) const {
  if (text.empty()) return std::nullopt;
  const Slot& slot = slots_[slot_of(text, hash_of(text))];
  if (slot.token < 0) return std::nullopt;
  return slot.token;
}

}  // namespace sixfold::tokenizer
