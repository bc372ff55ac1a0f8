// The value of one hexadecimal digit.
#pragma once

namespace sixfold::grammar {

// -1 for any other character.
inline int hex_digit(char character) {
  if (character >= '0' && character <= '9') return character - '0';
  if (character >= 'a' && character <= 'f') return character - 'a' + 10;
  if (character >= 'A' && character <= 'F') return character - 'A' + 10;
  return -1;
}

}  // namespace sixfold::grammar
