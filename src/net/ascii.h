// Comparisons as HTTP makes them: ASCII, without case, whatever the locale.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>

namespace sixfold::net {

constexpr char ascii_lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

inline std::string ascii_lowered(std::string_view text) {
  std::string out(text);
  for (char& letter : out) letter = ascii_lower(letter);
  return out;
}

constexpr bool equals_ignoring_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return ascii_lower(a) == ascii_lower(b); });
}

// True when the comma-separated `list` has `token`, as in "Connection: keep-alive, Upgrade".
constexpr bool list_has_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view item = list.substr(0, comma);
    while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
    while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
    if (equals_ignoring_case(item, token)) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace sixfold::net
