// One regular expression, run with limits.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "core/result.h"

struct pcre2_real_code_8;

namespace sixfold::tokenizer {

struct TextRange {
  std::size_t begin = 0, end = 0;  // bytes
};

// What matching one text needs.  One thread; reused from match to match.
class MatchScratch {
 public:
  explicit MatchScratch(std::size_t text_bytes);
  ~MatchScratch();
  MatchScratch(MatchScratch&&) noexcept;
  MatchScratch& operator=(MatchScratch&&) noexcept;

 private:
  friend class Pattern;
  struct Memory;
  std::unique_ptr<Memory> memory_;
};

// Immutable, thread-safe.
class Pattern {
 public:
  enum class Dialect {
    kPcre,       // ours
    kOniguruma,  // tokenizer.json: ^ and $ are those of lines, \h is a hexadecimal digit, \w has marks
  };

  // Errors: invalid_argument when it does not compile, with the place.
  static Result<Pattern> make(std::string_view pattern, Dialect dialect = Dialect::kPcre);

  // The first match at or behind `from`; nothing when there is none.  text: valid UTF-8.  An empty match counts only
  // where it is asked for.
  // Errors: internal when the pattern gives up (PCRE2's limits).
  Result<std::optional<TextRange>> find(std::string_view text, std::size_t from, MatchScratch& scratch,
                                        bool takes_empty = false) const;

 private:
  struct FreeCode {
    void operator()(pcre2_real_code_8* code) const;
  };
  explicit Pattern(pcre2_real_code_8* code) : code_(code) {}

  std::unique_ptr<pcre2_real_code_8, FreeCode> code_;
};

}  // namespace sixfold::tokenizer
