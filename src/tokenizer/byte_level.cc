// Builds the byte alphabet: printable Latin-1 bytes stand for themselves, the others for U+0100 and up in their order.
#include "tokenizer/byte_level.h"

#include <array>
#include <cstddef>

#include "core/utf8.h"

namespace sixfold::tokenizer {
namespace {

constexpr std::size_t kCharactersMax = 0x100 + 68;  // 68 bytes are not printable

constexpr bool is_printable(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

struct Alphabet {
  std::array<std::string, 256> text_of_byte;
  std::array<int, kCharactersMax> byte_of_character;  // -1: none
};

Alphabet make_alphabet() {
  Alphabet alphabet;
  alphabet.byte_of_character.fill(-1);
  char32_t next = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char32_t character = is_printable(byte) ? static_cast<char32_t>(byte) : next++;
    append_utf8(alphabet.text_of_byte[byte], character);
    alphabet.byte_of_character[character] = static_cast<int>(byte);
  }
  return alphabet;
}

const Alphabet& alphabet() {
  static const Alphabet instance = make_alphabet();
  return instance;
}

}  // namespace

void append_byte_level(std::string& text, std::string_view bytes) {
  const Alphabet& letters = alphabet();
  for (const char byte : bytes) text += letters.text_of_byte[static_cast<unsigned char>(byte)];
}

bool is_byte_level(std::string_view text) {
  const Alphabet& letters = alphabet();
  while (!text.empty()) {
    const Utf8Step step = read_utf8(text);
    if (!step.is_valid || step.code_point >= kCharactersMax || letters.byte_of_character[step.code_point] < 0) {
      return false;
    }
    text.remove_prefix(step.bytes);
  }
  return true;
}

std::string from_byte_level(std::string_view text) {
  const Alphabet& letters = alphabet();
  std::string bytes;
  while (!text.empty()) {
    const Utf8Step step = read_utf8(text);
    const int byte =
        step.is_valid && step.code_point < kCharactersMax ? letters.byte_of_character[step.code_point] : -1;
    if (byte >= 0) {
      bytes.push_back(static_cast<char>(byte));
    } else {
      bytes += text.substr(0, step.bytes);
    }
    text.remove_prefix(step.bytes);
  }
  return bytes;
}

}  // namespace sixfold::tokenizer
