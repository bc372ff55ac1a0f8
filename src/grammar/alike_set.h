// A set of characters that a grammar may take alike.
#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace sixfold::grammar {

struct AlikeSet {
  std::array<std::uint64_t, 2> ascii = {};  // a bit for each of U+0000 to U+007F
  bool has_others = false;                  // all of U+0080 to U+10FFFF, or none of them

  constexpr bool has(std::uint8_t character) const { return (ascii[character / 64] >> (character % 64) & 1) != 0; }
  constexpr void add(std::uint8_t character) { ascii[character / 64] |= std::uint64_t{1} << (character % 64); }
  bool includes(const AlikeSet& part) const {
    return (part.ascii[0] & ~ascii[0]) == 0 && (part.ascii[1] & ~ascii[1]) == 0 && (has_others || !part.has_others);
  }
  std::size_t ascii_count() const {
    return static_cast<std::size_t>(std::popcount(ascii[0]) + std::popcount(ascii[1]));
  }
  bool operator==(const AlikeSet&) const = default;
};

// What most texts are made of and what strings of JSON take alike: all characters but those of control, the quote and
// the backslash.
constexpr AlikeSet plain_characters() {
  AlikeSet set;
  set.has_others = true;
  for (std::uint8_t character = 0x20; character < 0x7F; ++character) {
    if (character != '"' && character != '\\') set.add(character);
  }
  return set;
}

}  // namespace sixfold::grammar
