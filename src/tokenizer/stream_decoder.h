// Turns tokens into text as they come, never giving out half a UTF-8 character.
#pragma once
#include <string>

#include "tokenizer/tokenizer.h"

namespace sixfold::tokenizer {

// One sequence.  One thread.  The tokenizer must outlive it.
class StreamDecoder {
 public:
  // starts_text: the first token begins the text, so that the space which SentencePiece kinds put in front is taken off
  // as decode() does it.  Leave it false for a continuation, where that space belongs between prompt and answer.
  StreamDecoder(const Tokenizer& tokenizer, bool shows_special, bool starts_text = false);

  // Returns the text that became complete with this token: whole UTF-8 characters only.  Bytes that can never become a
  // character come out as U+FFFD.
  std::string push(TokenId token);

  // The end: what was held back, each broken sequence as U+FFFD.
  std::string flush();

 private:
  std::string take_complete(bool is_end);

  const Tokenizer& tokenizer_;
  bool shows_special_;
  bool is_first_;
  std::string held_;  // at most 3 bytes between calls
};

}  // namespace sixfold::tokenizer
