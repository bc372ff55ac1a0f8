// The alphabet of byte-level BPE: each byte is written as one printable character.
#pragma once
#include <string>
#include <string_view>

namespace sixfold::tokenizer {

// Bytes to the characters that stand for them: " the" becomes "Ġthe".  Appends to text.
// Source: GPT-2's bytes_to_unicode, github.com/openai/gpt-2, src/encoder.py.
void append_byte_level(std::string& text, std::string_view bytes);

// True when every character stands for a byte.
bool is_byte_level(std::string_view text);

// The other way.  Characters that stand for no byte are kept as they are.
std::string from_byte_level(std::string_view text);

}  // namespace sixfold::tokenizer
