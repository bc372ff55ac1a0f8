// Ranges kept in order; every operation is one pass over them.
#include "grammar/char_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/utf8.h"

namespace sixfold::grammar {
namespace {

constexpr char32_t kSurrogatesBegin = 0xD800;
constexpr char32_t kBeforeSurrogates = 0xD7FF;
constexpr char32_t kSurrogatesEnd = 0xDFFF;
constexpr char32_t kBehindSurrogates = 0xE000;

void append_in_class(std::string& out, char32_t character) {
  if (character == '\\' || character == ']' || character == '[' || character == '-' || character == '^') {
    out += fmt::format("\\x{:02X}", static_cast<unsigned>(character));
  } else if (character < 0x20 || character == 0x7F) {
    out += fmt::format("\\x{:02X}", static_cast<unsigned>(character));
  } else if (character > 0xFFFF) {
    out += fmt::format("\\U{:08X}", static_cast<unsigned>(character));
  } else if (character > 0x7E) {
    out += fmt::format("\\u{:04X}", static_cast<unsigned>(character));
  } else {
    append_utf8(out, character);
  }
}

}  // namespace

CharSet::CharSet(std::initializer_list<CharRange> ranges) {
  for (const CharRange& range : ranges) add(range.low, range.high);
}

CharSet CharSet::all() {
  return CharSet{{0, kCodePointMax}};
}

void CharSet::add(char32_t low, char32_t high) {
  high = std::min(high, kCodePointMax);
  if (low < kSurrogatesBegin) insert(low, std::min(high, kBeforeSurrogates));
  if (high > kSurrogatesEnd) insert(std::max(low, kBehindSurrogates), high);
}

void CharSet::insert(char32_t low, char32_t high) {
  if (low > high) return;
  // The first range that touches or follows the new one, and the first that lies wholly behind it.
  auto first = std::find_if(ranges_.begin(), ranges_.end(),
                            [&](const CharRange& range) { return range.high >= low || range.high + 1 == low; });
  auto last = first;
  while (last != ranges_.end() && (last->low <= high || last->low == high + 1)) {
    low = std::min(low, last->low);
    high = std::max(high, last->high);
    ++last;
  }
  first = ranges_.erase(first, last);
  ranges_.insert(first, {low, high});
}

void CharSet::add(const CharSet& other) {
  for (const CharRange& range : other.ranges_) add(range.low, range.high);
}

CharSet CharSet::inverted() const {
  CharSet result;
  char32_t next = 0;
  for (const CharRange& range : ranges_) {
    if (range.low > next) result.add(next, range.low - 1);
    next = range.high + 1;
  }
  if (next <= kCodePointMax) result.add(next, kCodePointMax);
  return result;
}

CharSet CharSet::intersected(const CharSet& other) const {
  CharSet result;
  auto left = ranges_.begin();
  auto right = other.ranges_.begin();
  while (left != ranges_.end() && right != other.ranges_.end()) {
    const char32_t low = std::max(left->low, right->low);
    const char32_t high = std::min(left->high, right->high);
    if (low <= high) result.ranges_.push_back({low, high});
    (left->high < right->high ? left : right)++;
  }
  return result;
}

CharSet CharSet::minus(const CharSet& other) const {
  return intersected(other.inverted());
}

bool CharSet::contains(char32_t character) const {
  const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), character,
                                      [](char32_t value, const CharRange& range) { return value < range.low; });
  return after != ranges_.begin() && std::prev(after)->high >= character;
}

void append_class(std::string& out, const CharSet& set) {
  out += '[';
  for (const CharRange& range : set.ranges()) {
    append_in_class(out, range.low);
    if (range.high == range.low) continue;
    if (range.high > range.low + 1) out += '-';
    append_in_class(out, range.high);
  }
  out += ']';
}

void append_literal(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const Utf8Step step = read_utf8(text);
    const auto byte = static_cast<unsigned char>(text[0]);
    if (!step.is_valid) {
      append_utf8(out, step.code_point);
    } else if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text[0];
    } else if (byte == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02X}", byte);
    } else {
      out += text.substr(0, step.bytes);
    }
    text.remove_prefix(step.bytes);
  }
  out += '"';
}

}  // namespace sixfold::grammar
