// Facts about characters, and Unicode's normal forms.  The tables are utf8proc's.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace sixfold::tokenizer {

bool is_white_space(char32_t character);      // the White_Space property
bool is_other(char32_t character);            // controls, format characters, private use; not what is unassigned
bool is_punctuation(char32_t character);      // category P
bool is_mark(char32_t character);             // category M
bool is_nonspacing_mark(char32_t character);  // category Mn
bool is_numeric(char32_t character);          // category N

// Letters, marks, decimal digits, connectors such as "_", and the two joiners.
bool is_word_character(char32_t character);

// True for any symbol of ASCII too: $ + < = > ^ ` | ~.  This is what BERT's tokenizer calls punctuation.
bool is_bert_punctuation(char32_t character);

// The lower case of each character by itself: a sigma at the end of a word is not special.  text: valid UTF-8.
std::string lower_case(std::string_view text);

enum class NormalForm { kNfc, kNfd, kNfkc, kNfkd };

// text: valid UTF-8.  Cost: O(n log n), whatever the text.  Source: Unicode Standard Annex #15.
std::string normal_form(std::string_view text, NormalForm form);

// Where the last character begins; text: valid UTF-8, not empty.
std::size_t last_character(std::string_view text);

// Bytes of the first extended grapheme cluster; text: valid UTF-8, not empty.  Source: Unicode Standard Annex #29.
std::size_t grapheme_bytes(std::string_view text);

}  // namespace sixfold::tokenizer
