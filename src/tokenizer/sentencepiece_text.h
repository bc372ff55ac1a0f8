// What SentencePiece does to a text before it looks for pieces.  Source: github.com/google/sentencepiece,
// src/normalizer.cc and the NormalizerSpec of src/sentencepiece_model.proto.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "tokenizer/charsmap.h"

namespace sixfold::tokenizer {

inline constexpr std::string_view kSpaceMark = "\xE2\x96\x81";  // U+2581, stands for a space

struct SentencePieceText {
  Charsmap charsmap;
  bool removes_extra_spaces = false;  // spaces at both ends, and all but one of a run

  // Replaces as the map says, and writes spaces as marks.  begins_with_space: one more in front, unless no text is
  // left.  Broken UTF-8 becomes U+FFFD.
  std::string normalized(std::string_view text, bool begins_with_space) const;
};

// "<0x0A>": the text of the token that stands for one byte.
std::string byte_token_text(unsigned char byte);

// The byte of such a text; nothing for any other text.
std::optional<unsigned char> byte_of_token_text(std::string_view text);

// The text with marks written as spaces.
std::string with_spaces(std::string_view text);

}  // namespace sixfold::tokenizer
