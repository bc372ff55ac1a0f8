// Chat templates for files that bring none, chosen by a special token that only one family has.
#pragma once
#include <string_view>

#include "tokenizer/vocabulary.h"

namespace sixfold::tokenizer {

struct ChatFallback {
  std::string_view name;
  std::string_view token;  // its presence in the vocabulary chooses the row; empty: always
  std::string_view source;
};

// Never fails: the last row, plain lines, fits every vocabulary.
const ChatFallback& choose_chat_fallback(const Vocabulary& vocabulary);

}  // namespace sixfold::tokenizer
