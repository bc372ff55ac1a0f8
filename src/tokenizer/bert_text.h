// How BERT's tokenizers clean text and cut it into words.  Source: github.com/google-research/bert, tokenization.py,
// class BasicTokenizer; the ranges of CJK are those of github.com/huggingface/tokenizers, which published ids follow.
#pragma once
#include <string>
#include <string_view>

#include "core/utf8.h"
#include "tokenizer/unicode.h"

namespace sixfold::tokenizer {

struct BertCleaning {
  bool drops_controls = true;  // and every white space becomes a space
  bool splits_cjk = true;      // a space on both sides of each ideograph
  bool strips_accents = true;
  bool lowers_case = true;
};

// text: valid UTF-8.
std::string clean_for_bert(std::string_view text, const BertCleaning& cleaning);

// Calls visit(std::string_view) for each word; punctuation characters are words by themselves.  text: valid UTF-8.
template <class Visit>
void for_each_bert_word(std::string_view text, Visit&& visit) {
  std::size_t begin = 0;  // of the word being read
  const auto end_word = [&](std::size_t end) {
    if (end > begin) visit(text.substr(begin, end - begin));
  };
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = read_utf8(text.substr(at));
    const std::size_t next = at + step.bytes;
    const bool stands_alone = is_bert_punctuation(step.code_point);
    if (stands_alone || is_white_space(step.code_point)) {
      end_word(at);
      if (stands_alone) visit(text.substr(at, step.bytes));
      begin = next;
    }
    at = next;
  }
  end_word(text.size());
}

}  // namespace sixfold::tokenizer
