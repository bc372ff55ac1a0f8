// Validates a vocabulary and indexes its tokens by text.
#include "tokenizer/token_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <span>
#include <utility>

#include "core/error.h"
#include "core/fast_hash.h"
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

// All of them begin with one of these, which saves nearly all tokens the comparison with each.
constexpr bool may_be_end_text(std::string_view text) {
  return text.starts_with('<') || text.starts_with('[');
}
static_assert(std::all_of(kEndTexts.begin(), kEndTexts.end(), may_be_end_text));

template <class Word>
std::uint64_t word_at(const char* at) {
  Word word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Every bit moves about half of the result's; no two words have one result.
std::uint64_t mixed(std::uint64_t word) {
  constexpr std::uint64_t kFactor = 0x243F6A8885A308D3;  // odd, about half of the bits set: digits of pi
  word *= kFactor;
  word = (word ^ word >> 32) * kFactor;
  return word ^ word >> 29;
}

std::uint32_t tag_of(std::uint64_t hash) {
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
        Named{"separator", vocabulary.separator}, Named{"fim prefix", vocabulary.fim_prefix},
        Named{"fim suffix", vocabulary.fim_suffix}, Named{"fim middle", vocabulary.fim_middle},
        Named{"fim repository", vocabulary.fim_repository}, Named{"fim file", vocabulary.fim_file}}) {
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
                      &vocabulary.classifier, &vocabulary.separator, &vocabulary.fim_prefix, &vocabulary.fim_suffix,
                      &vocabulary.fim_middle, &vocabulary.fim_repository, &vocabulary.fim_file}) {
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
  index_texts();
  mark_ends();
}

// Words as they begin and end: nearly all tokens have at most 16 bytes, and a call for each would take longer than
// this.
std::uint64_t TokenTable::hash_of(std::string_view text) {
  const char* begin = text.data();
  const char* end = begin + text.size();
  std::uint64_t first = text.size();
  std::uint64_t last = 0;
  if (text.size() > 16) {
    first = fast_hash(std::as_bytes(std::span(text)));
  } else if (text.size() >= 8) {
    first = word_at<std::uint64_t>(begin);
    last = word_at<std::uint64_t>(end - 8);
  } else if (text.size() >= 4) {
    first = word_at<std::uint32_t>(begin);
    last = word_at<std::uint32_t>(end - 4);
  } else if (!text.empty()) {  // the first, the middle and the last of 1 to 3
    first = word_at<std::uint8_t>(begin) | word_at<std::uint8_t>(begin + text.size() / 2) << 8;
    last = word_at<std::uint8_t>(end - 1);
  }
  return mixed(mixed(first) + last + (std::uint64_t{text.size()} << 56));
}

void TokenTable::index_texts() {
  slots_.resize(std::bit_ceil(std::max<std::size_t>(size(), 8) * 2));
  // The slots are more than the caches hold: some tokens ahead, a text's own is asked for.
  constexpr std::size_t kAhead = 16;
  std::array<std::uint64_t, kAhead> hashes{};
  for (std::size_t i = 0; i < size() + kAhead; ++i) {
    std::uint64_t& hash = hashes[i % kAhead];
    if (i >= kAhead && !vocabulary_.tokens[i - kAhead].empty()) {
      Slot& slot = slots_[slot_of(vocabulary_.tokens[i - kAhead], hash)];
      has_twins_ |= slot.token >= 0;
      if (slot.token < 0) slot = {tag_of(hash), static_cast<TokenId>(i - kAhead)};
    }
    if (i >= size()) continue;
    hash = hash_of(vocabulary_.tokens[i]);
    expect(hash);
  }
}

void TokenTable::mark_ends() {
  for (std::size_t i = 0; i < size(); ++i) {
    const std::string_view text = vocabulary_.tokens[i];
    if (!may_be_end_text(text) || std::find(kEndTexts.begin(), kEndTexts.end(), text) == kEndTexts.end()) continue;
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
std::size_t TokenTable::slot_of(std::string_view text, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  while (slots_[slot].token >= 0 && (slots_[slot].tag != tag_of(hash) ||
                                     vocabulary_.tokens[static_cast<std::size_t>(slots_[slot].token)] != text)) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

std::optional<TokenId> TokenTable::find(std::string_view text, std::uint64_t hash) const {
  if (text.empty()) return std::nullopt;
  const Slot& slot = slots_[slot_of(text, hash)];
  if (slot.token < 0) return std::nullopt;
  return slot.token;
}

}  // namespace sixfold::tokenizer
