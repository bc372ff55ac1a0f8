// Normalizes step by step: the longest rule that fits, or one character.
#include "tokenizer/sentencepiece_text.h"

#include <fmt/format.h>

#include "core/utf8.h"

namespace sixfold::tokenizer {
namespace {

// What stands in the result for the beginning of text, and how much of it that was.
Charsmap::Match first_step(const Charsmap& charsmap, std::string_view text) {
  if (const auto match = charsmap.longest(text); match.has_value()) return *match;
  const Utf8Step step = read_utf8(text);
  if (!step.is_valid) return {"\uFFFD", 1};
  return {text.substr(0, step.bytes), step.bytes};
}

}  // namespace

std::string SentencePieceText::normalized(std::string_view text, bool begins_with_space) const {
  std::string result;
  result.reserve(text.size() + text.size() / 2);
  bool is_behind_space = removes_extra_spaces;
  bool is_empty = true;
  while (!text.empty()) {
    const Charsmap::Match step = first_step(charsmap, text);
    text.remove_prefix(step.bytes);
    for (const char byte : step.replacement) {
      const bool is_space = byte == ' ';
      if (is_space && is_behind_space) continue;
      if (is_empty && begins_with_space) result += kSpaceMark;
      is_empty = false;
      if (is_space) {
        result += kSpaceMark;
      } else {
        result += byte;
      }
      is_behind_space = is_space && removes_extra_spaces;
    }
  }
  if (is_behind_space && !is_empty) result.resize(result.size() - kSpaceMark.size());
  return result;
}

std::string byte_token_text(unsigned char byte) {
  return fmt::format("<0x{:02X}>", byte);
}

std::optional<unsigned char> byte_of_token_text(std::string_view text) {
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>') return std::nullopt;
  unsigned byte = 0;
  for (const char digit : text.substr(3, 2)) {
    unsigned value = 0;
    if (digit >= '0' && digit <= '9') {
      value = static_cast<unsigned>(digit - '0');
    } else if (digit >= 'A' && digit <= 'F') {
      value = static_cast<unsigned>(digit - 'A') + 10;
    } else {
      return std::nullopt;
    }
    byte = byte * 16 + value;
  }
  return static_cast<unsigned char>(byte);
}

std::string with_spaces(std::string_view text) {
  std::string spaced;
  while (!text.empty()) {
    const bool is_mark = text.starts_with(kSpaceMark);
    spaced += is_mark ? ' ' : text[0];
    text.remove_prefix(is_mark ? kSpaceMark.size() : 1);
  }
  return spaced;
}

}  // namespace sixfold::tokenizer
