// Holds back the beginning of a character until its last byte has come.
#include "tokenizer/stream_decoder.h"

#include "core/utf8.h"

namespace sixfold::tokenizer {

StreamDecoder::StreamDecoder(const Tokenizer& tokenizer, bool shows_special, bool starts_text)
    : tokenizer_(tokenizer), shows_special_(shows_special), is_first_(starts_text) {}

std::string StreamDecoder::push(TokenId token) {
  const std::string bytes = tokenizer_.piece(token, shows_special_);
  if (is_first_ && !bytes.empty()) {
    // decode() knows whether this kind of tokenizer puts a space in front.
    held_ += tokenizer_.decode({&token, 1}, shows_special_);
    is_first_ = false;
  } else {
    held_ += bytes;
  }
  return take_complete(false);
}

std::string StreamDecoder::flush() {
  return take_complete(true);
}

std::string StreamDecoder::take_complete(bool is_end) {
  std::string complete;
  std::string_view rest = held_;
  while (!rest.empty()) {
    const Utf8Step step = read_utf8(rest);
    if (step.is_cut && !is_end) break;
    if (step.is_valid) {
      complete += rest.substr(0, step.bytes);
    } else {
      append_utf8(complete, step.code_point);
    }
    rest.remove_prefix(step.bytes);
  }
  held_ = std::string(rest);
  return complete;
}

}  // namespace sixfold::tokenizer
