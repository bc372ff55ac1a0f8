// The tokens of a vocabulary, checked once: text, kind, and which of them end a generation.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "tokenizer/vocabulary.h"

namespace sixfold::tokenizer {

// Immutable, thread-safe.  Movable.
class TokenTable {
 public:
  // Errors: corrupt_data for arrays of different lengths, ids out of range, scores that are not numbers.
  static Result<TokenTable> make(Vocabulary vocabulary);

  TokenTable(TokenTable&&) = default;
  TokenTable& operator=(TokenTable&&) = default;
  TokenTable(const TokenTable&) = delete;
  TokenTable& operator=(const TokenTable&) = delete;

  const Vocabulary& vocabulary() const { return vocabulary_; }
  std::size_t size() const { return vocabulary_.tokens.size(); }
  bool has(TokenId token) const { return token >= 0 && static_cast<std::size_t>(token) < size(); }

  // Only for ids that has() knows.
  std::string_view text(TokenId token) const { return vocabulary_.tokens[static_cast<std::size_t>(token)]; }
  TokenKind kind(TokenId token) const { return kinds_[static_cast<std::size_t>(token)]; }

  // Control and unknown tokens: shown and read only on request.
  bool is_hidden(TokenId token) const {
    return kind(token) == TokenKind::kControl || kind(token) == TokenKind::kUnknown;
  }
  // True for texts like "<|im_end|>", of whatever kind the file says the token is.
  bool has_end_text(TokenId token) const { return has_end_text_[static_cast<std::size_t>(token)]; }
  bool ends_generation(TokenId token) const { return has(token) && ends_[static_cast<std::size_t>(token)]; }

  // The lowest id with this text.  Never finds the empty text.
  std::optional<TokenId> find(std::string_view text) const { return find(text, hash_of(text)); }

  // The same in steps, for those who look up many texts: between expect, expect_text and find the memory can be on its
  // way.
  static std::uint64_t hash_of(std::string_view text);
  void expect(std::uint64_t hash) const { __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]); }
  void expect_text(std::uint64_t hash) const {
    const TokenId token = slots_[hash & (slots_.size() - 1)].token;
    if (token >= 0) vocabulary_.tokens.expect(static_cast<std::size_t>(token));
  }
  std::optional<TokenId> find(std::string_view text, std::uint64_t hash) const;

  // False when find() finds every token by its own text, but those without one.
  bool has_twins() const { return has_twins_; }

  // Frees the merges of vocabulary(), which only making a tokenizer needs.
  void drop_merges() { vocabulary_.merges = {}; }

 private:
  explicit TokenTable(Vocabulary vocabulary);

  Vocabulary vocabulary_;
  std::vector<TokenKind> kinds_;
  std::vector<bool> has_end_text_;
  std::vector<bool> ends_;

  void index_texts();
  void mark_ends();

  // Finds texts: open addressing, a power of two of slots, at most half full.  Half of a text's hash says where, the
  // other half saves most comparisons.
  struct Slot {
    std::uint32_t tag = 0;
    TokenId token = -1;  // none
  };
  std::size_t slot_of(std::string_view text, std::uint64_t hash) const;
  std::vector<Slot> slots_;
  bool has_twins_ = false;
};

}  // namespace sixfold::tokenizer
