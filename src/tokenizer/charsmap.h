// SentencePiece's precompiled_charsmap: which strings become which before a text is cut into pieces.
// Source: github.com/google/sentencepiece, src/normalizer.cc: a 32-bit size, a double array of that many bytes (keys to
// offsets), and the replacements, each ended by a zero byte.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace sixfold::tokenizer {

// Immutable, thread-safe.
class Charsmap {
 public:
  struct Match {
    std::string_view replacement;  // valid UTF-8, lives as long as the map
    std::size_t bytes = 0;         // of the text that it replaces
  };

  // Replaces nothing.
  Charsmap() = default;

  // bytes: as in the file; none at all replaces nothing.  Errors: corrupt_data.
  static Result<Charsmap> make(std::string_view bytes);

  // Of the keys that text begins with, the longest or the shortest.
  std::optional<Match> longest(std::string_view text) const;
  std::optional<Match> shortest(std::string_view text) const;

 private:
  template <class Visit>
  void for_each_key(std::string_view text, Visit&& visit) const;

  std::vector<std::uint32_t> units_;
  std::string replacements_;  // ends with a zero byte
};

}  // namespace sixfold::tokenizer
