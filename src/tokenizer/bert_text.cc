// The cleaning steps, in the order in which the original takes them.
#include "tokenizer/bert_text.h"

#include <array>

namespace sixfold::tokenizer {
namespace {

struct CharacterRange {
  char32_t first = 0, last = 0;
};

// The sixth begins at U+2B820 in Unicode; the tokenizers that made the published ids begin at U+2B920.
constexpr std::array<CharacterRange, 8> kIdeographs = {{{0x4E00, 0x9FFF},
                                                        {0x3400, 0x4DBF},
                                                        {0x20000, 0x2A6DF},
                                                        {0x2A700, 0x2B73F},
                                                        {0x2B740, 0x2B81F},
                                                        {0x2B920, 0x2CEAF},
                                                        {0xF900, 0xFAFF},
                                                        {0x2F800, 0x2FA1F}}};

bool is_ideograph(char32_t character) {
  for (const CharacterRange& range : kIdeographs) {
    if (character >= range.first && character <= range.last) return true;
  }
  return false;
}

// Calls replace(character, bytes of it, result) for each character; it appends to the result what shall stand there.
template <class Replace>
std::string replaced(std::string_view text, Replace&& replace) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Utf8Step step = read_utf8(text);
    replace(step.code_point, text.substr(0, step.bytes), result);
    text.remove_prefix(step.bytes);
  }
  return result;
}

void replace_control(char32_t character, std::string_view bytes, std::string& result) {
  if (is_white_space(character)) {
    // Vertical tab, form feed and next line are controls first: only three of the control characters are spaces.
    const bool is_dropped = character == 0x0B || character == 0x0C || character == 0x85;
    if (!is_dropped) result += ' ';
  } else if (character != 0xFFFD && !is_other(character)) {
    result += bytes;
  }
}

void replace_ideograph(char32_t character, std::string_view bytes, std::string& result) {
  if (!is_ideograph(character)) {
    result += bytes;
    return;
  }
  result += ' ';
  result += bytes;
  result += ' ';
}

}  // namespace

std::string clean_for_bert(std::string_view text, const BertCleaning& cleaning) {
  std::string clean(text);
  if (cleaning.drops_controls) clean = replaced(clean, replace_control);
  if (cleaning.splits_cjk) clean = replaced(clean, replace_ideograph);
  if (cleaning.strips_accents) {
    clean = replaced(normal_form(clean, NormalForm::kNfd),
                     [](char32_t character, std::string_view bytes, std::string& result) {
                       if (!is_nonspacing_mark(character)) result += bytes;
                     });
  }
  if (cleaning.lowers_case) clean = lower_case(clean);
  return clean;
}

}  // namespace sixfold::tokenizer
