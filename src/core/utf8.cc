// The well-formed byte sequences of Unicode table 3-7, read one character at a time.
#include "core/utf8.h"

#include "core/check.h"

namespace sixfold {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

struct LeadByte {
  std::size_t following = 0;  // 0 for a byte that cannot begin a longer character
  unsigned second_min = 0x80;
  unsigned second_max = 0xBF;
};

LeadByte classify(unsigned byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return {1, 0x80, 0xBF};
  if (byte == 0xE0) return {2, 0xA0, 0xBF};
  if (byte == 0xED) return {2, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {2, 0x80, 0xBF};
  if (byte == 0xF0) return {3, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {3, 0x80, 0xBF};
  if (byte == 0xF4) return {3, 0x80, 0x8F};
  return {};
}

}  // namespace

Utf8Step read_utf8(std::string_view text) {
  if (text.empty()) return {};
  const unsigned first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return {static_cast<char32_t>(first), 1, true, false};
  const LeadByte lead = classify(first);
  if (lead.following == 0) return {kReplacement, 1, false, false};
  // A lead byte of n following bytes holds 6 - n low bits of the code point.
  char32_t code_point = first & ((1u << (6 - lead.following)) - 1);
  for (std::size_t at = 1; at <= lead.following; ++at) {
    if (at == text.size()) return {kReplacement, at, false, true};
    const unsigned byte = static_cast<unsigned char>(text[at]);
    const unsigned min = at == 1 ? lead.second_min : 0x80;
    const unsigned max = at == 1 ? lead.second_max : 0xBF;
    if (byte < min || byte > max) return {kReplacement, at, false, false};
    code_point = (code_point << 6) | (byte & 0x3F);
  }
  return {code_point, lead.following + 1, true, false};
}

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Step step = read_utf8(text);
    if (!step.is_valid) return false;
    text.remove_prefix(step.bytes);
  }
  return true;
}

std::string replace_broken_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const Utf8Step step = read_utf8(text);
    if (step.is_valid) {
      valid += text.substr(0, step.bytes);
    } else {
      append_utf8(valid, kReplacement);
    }
    text.remove_prefix(step.bytes);
  }
  return valid;
}

void append_utf8(std::string& text, char32_t code_point) {
  SIXFOLD_CHECK(code_point <= 0x10FFFF && (code_point < 0xD800 || code_point > 0xDFFF));
  const auto put = [&](unsigned byte) { text.push_back(static_cast<char>(byte)); };
  const auto bits = static_cast<unsigned>(code_point);
  if (bits < 0x80) return put(bits);
  if (bits < 0x800) {
    put(0xC0 | (bits >> 6));
  } else if (bits < 0x10000) {
    put(0xE0 | (bits >> 12));
    put(0x80 | ((bits >> 6) & 0x3F));
  } else {
    put(0xF0 | (bits >> 18));
    put(0x80 | ((bits >> 12) & 0x3F));
    put(0x80 | ((bits >> 6) & 0x3F));
  }
  put(0x80 | (bits & 0x3F));
}

}  // namespace sixfold
