// Finds stop strings in text that comes in pieces, and holds back what may be the beginning of one.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sixfold::engine {

// One sequence.  One thread.  The result does not depend on how the text was cut: the match that ends first counts, and
// of those the longest.  Cost: O(bytes * strings).
class StopStrings {
 public:
  // strings: none empty.
  explicit StopStrings(const std::vector<std::string>& strings);

  struct Output {
    std::string text;                       // sure not to be part of a stop string
    std::optional<std::string_view> match;  // the stop string found; the text after it is dropped
  };

  // Not to be called after a match.
  Output push(std::string_view text);

  // The end: what was held back.
  std::string flush();

 private:
  struct Pattern {
    std::string text;
    std::vector<std::size_t> border;  // border[n] = longest proper prefix of text[0, n) that is also its suffix
    std::size_t matched = 0;          // the longest prefix of text that is a suffix of everything pushed
  };
  static void advance(Pattern& pattern, char byte);

  std::vector<Pattern> patterns_;
  std::string held_;
};

}  // namespace sixfold::engine
