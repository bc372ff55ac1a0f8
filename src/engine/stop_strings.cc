// One Knuth-Morris-Pratt automaton per stop string (doi:10.1137/0206024): its state is at once the match and the number
// of bytes that must be held back.
#include "engine/stop_strings.h"

#include <algorithm>
#include <utility>

namespace sixfold::engine {

StopStrings::StopStrings(const std::vector<std::string>& strings) {
  for (const std::string& text : strings) {
    Pattern pattern{text, {0, 0}, 0};
    for (std::size_t end = 1; end < text.size(); ++end) {
      std::size_t length = pattern.border[end];
      while (length > 0 && text[length] != text[end]) length = pattern.border[length];
      pattern.border.push_back(text[length] == text[end] ? length + 1 : 0);
    }
    patterns_.push_back(std::move(pattern));
  }
}

void StopStrings::advance(Pattern& pattern, char byte) {
  std::size_t& matched = pattern.matched;
  while (matched > 0 && pattern.text[matched] != byte) matched = pattern.border[matched];
  if (pattern.text[matched] == byte) ++matched;
}

StopStrings::Output StopStrings::push(std::string_view text) {
  if (patterns_.empty()) return {std::string(text), std::nullopt};
  for (const char byte : text) {
    held_.push_back(byte);
    const Pattern* longest = nullptr;
    for (Pattern& pattern : patterns_) {
      advance(pattern, byte);
      const bool is_match = pattern.matched == pattern.text.size();
      if (is_match && (longest == nullptr || pattern.text.size() > longest->text.size())) longest = &pattern;
    }
    if (longest != nullptr) {
      held_.resize(held_.size() - longest->text.size());
      return {std::exchange(held_, {}), longest->text};
    }
  }
  std::size_t kept = 0;
  for (const Pattern& pattern : patterns_) kept = std::max(kept, pattern.matched);
  Output output;
  output.text = held_.substr(0, held_.size() - kept);
  held_.erase(0, held_.size() - kept);
  return output;
}

std::string StopStrings::flush() {
  return std::exchange(held_, {});
}

}  // namespace sixfold::engine
