// Cuts text into the words that byte-level BPE works on, by the model's own patterns.
#pragma once
#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "tokenizer/pattern.h"

namespace sixfold::tokenizer {

// Immutable, thread-safe.
class Pretokenizer {
 public:
  // Patterns are applied in turn: each cuts the pieces that the one before left.
  // Errors: internal when PCRE2 refuses a pattern (they are ours).
  static Result<Pretokenizer> make(std::span<const std::string_view> patterns);

  // Calls visit for each piece in order; together they are the text.  text: valid UTF-8.  What a pattern does not match
  // is a piece of its own.
  // Errors: internal when a pattern gives up (PCRE2's limits), and those of visit.
  using Visit = std::function<Status(std::string_view)>;
  Status split(std::string_view text, const Visit& visit) const;

 private:
  Status split_by(std::size_t stage, std::string_view text, const Visit& visit, MatchScratch& scratch) const;

  std::vector<Pattern> patterns_;
};

}  // namespace sixfold::tokenizer
