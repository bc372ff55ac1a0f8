// Python's string functions on bytes of UTF-8.
#include "tokenizer/jinja/text_functions.h"

#include <algorithm>

namespace sixfold::tokenizer::jinja {
namespace {

constexpr std::string_view kSpaces = " \t\n\r\v\f";

char to_upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}
char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

std::vector<std::string> split_spaces(std::string_view text, long splits_max, bool from_right) {
  std::vector<std::string> parts;
  std::string_view rest = text;
  while (true) {
    const std::size_t edge = from_right ? rest.find_last_not_of(kSpaces) : rest.find_first_not_of(kSpaces);
    if (edge == std::string_view::npos) break;
    rest = from_right ? rest.substr(0, edge + 1) : rest.substr(edge);
    const std::size_t gap = from_right ? rest.find_last_of(kSpaces) : rest.find_first_of(kSpaces);
    if (gap == std::string_view::npos || (splits_max >= 0 && static_cast<long>(parts.size()) >= splits_max)) {
      parts.emplace_back(rest);
      break;
    }
    parts.emplace_back(from_right ? rest.substr(gap + 1) : rest.substr(0, gap));
    rest = from_right ? rest.substr(0, gap) : rest.substr(gap);
  }
  return parts;
}

}  // namespace

std::string upper(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), to_upper);
  return result;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), to_lower);
  return result;
}

std::string capitalize(std::string_view text) {
  std::string result = lower(text);
  if (!result.empty()) result[0] = to_upper(result[0]);
  return result;
}

std::string title(std::string_view text) {
  std::string result(text);
  bool is_inside_word = false;
  for (char& c : result) {
    c = is_inside_word ? to_lower(c) : to_upper(c);
    is_inside_word = is_letter(c);
  }
  return result;
}

std::string strip(std::string_view text, std::string_view characters, bool left, bool right) {
  const std::string_view set = characters.empty() ? kSpaces : characters;
  if (left) text.remove_prefix(std::min(text.find_first_not_of(set), text.size()));
  if (right) text = text.substr(0, text.find_last_not_of(set) + 1);
  return std::string(text);
}

std::string replace(std::string_view text, std::string_view from, std::string_view to, long limit) {
  if (from.empty()) return std::string(text);
  std::string result;
  std::size_t at = 0;
  for (long done = 0; limit < 0 || done < limit; ++done) {
    const std::size_t found = text.find(from, at);
    if (found == std::string_view::npos) break;
    result.append(text.substr(at, found - at)).append(to);
    at = found + from.size();
  }
  return result.append(text.substr(at));
}

std::vector<std::string> split(std::string_view text, std::string_view separator, long splits_max, bool from_right) {
  std::vector<std::string> parts;
  if (separator.empty()) {
    parts = split_spaces(text, splits_max, from_right);
  } else {
    while (splits_max < 0 || static_cast<long>(parts.size()) < splits_max) {
      const std::size_t found = from_right ? text.rfind(separator) : text.find(separator);
      if (found == std::string_view::npos) break;
      parts.emplace_back(from_right ? text.substr(found + separator.size()) : text.substr(0, found));
      text = from_right ? text.substr(0, found) : text.substr(found + separator.size());
    }
    parts.emplace_back(text);
  }
  if (from_right) std::reverse(parts.begin(), parts.end());
  return parts;
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find_first_of("\r\n");
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + (text.substr(end, 2) == "\r\n" ? 2 : 1));
  }
  return lines;
}

}  // namespace sixfold::tokenizer::jinja
