// Asks utf8proc, but sorts combining marks itself: utf8proc's own sort takes quadratic time on long runs of them.
#include "tokenizer/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <vector>

#include "core/check.h"
#include "core/utf8.h"

namespace sixfold::tokenizer {
namespace {

constexpr char32_t kCapitalIWithDot = 0x130;  // the only character whose lower case is two: "i" and a dot above

utf8proc_category_t category_of(char32_t character) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(character));
}

bool is_between(utf8proc_category_t category, utf8proc_category_t first, utf8proc_category_t last) {
  return category >= first && category <= last;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char byte) { return static_cast<unsigned char>(byte) < 0x80; });
}

int combining_class(utf8proc_int32_t character) {
  return utf8proc_get_property(character)->combining_class;
}

void append_decomposed(std::vector<utf8proc_int32_t>& characters, char32_t character, utf8proc_option_t options) {
  std::array<utf8proc_int32_t, 32> parts;  // U+FDFA, the longest decomposition, has 18
  int last_boundary_class = 0;
  const utf8proc_ssize_t count =
      utf8proc_decompose_char(static_cast<utf8proc_int32_t>(character), parts.data(),
                              static_cast<utf8proc_ssize_t>(parts.size()), options, &last_boundary_class);
  SIXFOLD_CHECK(count >= 0 && static_cast<std::size_t>(count) <= parts.size());
  characters.insert(characters.end(), parts.begin(), parts.begin() + count);
}

// Marks that follow each other are ordered by their class; the order within a class means something and stays.
void sort_marks(std::vector<utf8proc_int32_t>& characters) {
  const auto is_starter = [](utf8proc_int32_t character) { return combining_class(character) == 0; };
  for (auto at = characters.begin(); at != characters.end();) {
    const auto first = std::find_if_not(at, characters.end(), is_starter);
    at = std::find_if(first, characters.end(), is_starter);
    std::stable_sort(first, at,
                     [](utf8proc_int32_t a, utf8proc_int32_t b) { return combining_class(a) < combining_class(b); });
  }
}

}  // namespace

bool is_white_space(char32_t character) {
  return character == ' ' || (character >= 0x09 && character <= 0x0D) || character == 0x85 || character == 0xA0 ||
         character == 0x1680 || (character >= 0x2000 && character <= 0x200A) || character == 0x2028 ||
         character == 0x2029 || character == 0x202F || character == 0x205F || character == 0x3000;
}

bool is_other(char32_t character) {
  return is_between(category_of(character), UTF8PROC_CATEGORY_CC, UTF8PROC_CATEGORY_CO);
}

bool is_punctuation(char32_t character) {
  return is_between(category_of(character), UTF8PROC_CATEGORY_PC, UTF8PROC_CATEGORY_PO);
}

bool is_mark(char32_t character) {
  return is_between(category_of(character), UTF8PROC_CATEGORY_MN, UTF8PROC_CATEGORY_ME);
}

bool is_nonspacing_mark(char32_t character) {
  return category_of(character) == UTF8PROC_CATEGORY_MN;
}

bool is_numeric(char32_t character) {
  return is_between(category_of(character), UTF8PROC_CATEGORY_ND, UTF8PROC_CATEGORY_NO);
}

bool is_word_character(char32_t character) {
  constexpr char32_t kNonJoiner = 0x200C;
  constexpr char32_t kJoiner = 0x200D;
  const utf8proc_category_t category = category_of(character);
  return is_between(category, UTF8PROC_CATEGORY_LU, UTF8PROC_CATEGORY_NL) || category == UTF8PROC_CATEGORY_PC ||
         character == kNonJoiner || character == kJoiner;
}

bool is_bert_punctuation(char32_t character) {
  if (character < 0x80) {
    return (character >= '!' && character <= '/') || (character >= ':' && character <= '@') ||
           (character >= '[' && character <= '`') || (character >= '{' && character <= '~');
  }
  return is_punctuation(character);
}

std::string lower_case(std::string_view text) {
  std::string lower;
  lower.reserve(text.size());
  while (!text.empty()) {
    const Utf8Step step = read_utf8(text);
    if (step.code_point == kCapitalIWithDot) {
      lower += "i\u0307";
    } else {
      append_utf8(lower, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(step.code_point))));
    }
    text.remove_prefix(step.bytes);
  }
  return lower;
}

std::string normal_form(std::string_view text, NormalForm form) {
  if (is_ascii(text)) return std::string(text);
  const bool is_compatible = form == NormalForm::kNfkc || form == NormalForm::kNfkd;
  const bool is_composed = form == NormalForm::kNfc || form == NormalForm::kNfkc;
  const auto decompose =
      static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | (is_compatible ? UTF8PROC_COMPAT : 0) | UTF8PROC_STABLE);
  std::vector<utf8proc_int32_t> characters;
  characters.reserve(text.size());
  while (!text.empty()) {
    const Utf8Step step = read_utf8(text);
    append_decomposed(characters, step.code_point, decompose);
    text.remove_prefix(step.bytes);
  }
  sort_marks(characters);
  auto count = static_cast<utf8proc_ssize_t>(characters.size());
  if (is_composed) {
    constexpr auto kCompose = static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    count = utf8proc_normalize_utf32(characters.data(), count, kCompose);
    SIXFOLD_CHECK(count >= 0);
  }
  std::string result;
  for (utf8proc_ssize_t i = 0; i < count; ++i) {
    append_utf8(result, static_cast<char32_t>(characters[static_cast<std::size_t>(i)]));
  }
  return result;
}

std::size_t last_character(std::string_view text) {
  std::size_t at = text.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return at;
}

std::size_t grapheme_bytes(std::string_view text) {
  Utf8Step step = read_utf8(text);
  std::size_t bytes = step.bytes;
  utf8proc_int32_t state = 0;
  auto previous = static_cast<utf8proc_int32_t>(step.code_point);
  while (bytes < text.size()) {
    step = read_utf8(text.substr(bytes));
    const auto next = static_cast<utf8proc_int32_t>(step.code_point);
    if (utf8proc_grapheme_break_stateful(previous, next, &state)) break;
    previous = next;
    bytes += step.bytes;
  }
  return bytes;
}

}  // namespace sixfold::tokenizer
