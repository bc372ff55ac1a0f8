// Reads UTF-8 as Unicode defines it: shortest form only, no surrogates, nothing above U+10FFFF.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sixfold {

struct Utf8Step {
  char32_t code_point = 0;  // U+FFFD when the bytes are broken
  std::size_t bytes = 0;    // how many to step over; at least 1 unless the text is empty
  bool is_valid = false;
  bool is_cut = false;  // broken only because the text ends here: more bytes could still make it a character
};

// Reads the character at the start of text.  A broken sequence steps over its longest prefix that could have begun a
// character, or one byte.  Source: The Unicode Standard 15.0, table 3-7 and "U+FFFD Substitution of Maximal Subparts".
Utf8Step read_utf8(std::string_view text);

bool is_valid_utf8(std::string_view text);

// The text with each broken sequence replaced by U+FFFD.
std::string replace_broken_utf8(std::string_view text);

// code_point: at most U+10FFFF, no surrogate.
void append_utf8(std::string& text, char32_t code_point);

}  // namespace sixfold
