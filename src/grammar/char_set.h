// Sets of Unicode code points, as sorted ranges.
#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace sixfold::grammar {

inline constexpr char32_t kCodePointMax = 0x10FFFF;

struct CharRange {
  char32_t low = 0;
  char32_t high = 0;  // inclusive
  bool operator==(const CharRange&) const = default;
};

// Ranges are sorted, do not touch, and hold no surrogates (U+D800 to U+DFFF), which no text has.
class CharSet {
 public:
  CharSet() = default;
  CharSet(std::initializer_list<CharRange> ranges);

  static CharSet all();

  // low may be above high: then nothing is added.
  void add(char32_t low, char32_t high);
  void add(const CharSet& other);
  CharSet inverted() const;
  CharSet minus(const CharSet& other) const;
  CharSet intersected(const CharSet& other) const;

  bool contains(char32_t character) const;
  bool is_empty() const { return ranges_.empty(); }
  const std::vector<CharRange>& ranges() const { return ranges_; }
  bool operator==(const CharSet&) const = default;

 private:
  void insert(char32_t low, char32_t high);

  std::vector<CharRange> ranges_;
};

// Appends the set as a character class of GBNF, "[a-z]".
void append_class(std::string& out, const CharSet& set);

// Appends a text as a quoted literal of GBNF.  Bytes that are not UTF-8 become U+FFFD.
void append_literal(std::string& out, std::string_view text);

}  // namespace sixfold::grammar
