// Finds special tokens in text: control tokens on request, user-defined tokens always.
#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "tokenizer/token_table.h"

namespace sixfold::tokenizer {

// A stretch of text, or one special token that stood between two of them.
struct TextPart {
  std::string_view text;
  std::optional<TokenId> token;
};

// Immutable, thread-safe.  The token table must outlive it.
class SpecialTokens {
 public:
  // Errors: corrupt_data when a special token is longer than any real one.
  static Result<SpecialTokens> make(const TokenTable& table);

  // Cuts the text at its special tokens: leftmost first, and the longest of those that begin at one place.  Text parts
  // are not empty.  Cost: O(bytes * log(special tokens)) unless the text is full of beginnings of special tokens.
  std::vector<TextPart> split(std::string_view text, bool parses_special) const;

 private:
  struct Entry {
    std::string_view text;
    TokenId token = 0;
    bool needs_request = false;  // found only when parses_special
  };
  struct Match {
    TokenId token = 0;
    std::size_t bytes = 0;
  };

  std::optional<Match> longest_at(std::string_view text, bool parses_special) const;

  std::vector<Entry> entries_;  // sorted by text
  std::array<bool, 256> begins_{};
};

}  // namespace sixfold::tokenizer
