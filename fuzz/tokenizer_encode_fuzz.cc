// Any text gives tokens; valid text comes back from them, whole or streamed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "../test/tokenizer/small_vocabulary.h"
#include "core/utf8.h"
#include "tokenizer/stream_decoder.h"
#include "tokenizer/tokenizer.h"

namespace {

using namespace sixfold;
using namespace sixfold::tokenizer;

struct Tokenizers {
  std::vector<std::unique_ptr<Tokenizer>> byte_level;
  std::unique_ptr<Tokenizer> sentencepiece;
  std::vector<std::unique_ptr<Tokenizer>> lossy;  // they change the text before they cut it
};

Tokenizers make_all() {
  Tokenizers made;
  for (const char* name : {"gpt-2", "llama-bpe", "qwen35", "starcoder", "tekken", "gpt-4o", "default", "falcon"}) {
    made.byte_level.push_back(make_tokenizer(small_byte_level(name)).value());
  }
  made.sentencepiece = make_tokenizer(small_sentencepiece()).value();
  made.lossy.push_back(make_tokenizer(small_word_piece()).value());
  made.lossy.push_back(make_tokenizer(small_unigram()).value());
  return made;
}

void expect(bool is_true) {
  if (!is_true) std::abort();
}

std::string streamed(const Tokenizer& tokenizer, const std::vector<TokenId>& tokens) {
  StreamDecoder decoder(tokenizer, true, true);
  std::string text;
  for (const TokenId token : tokens) {
    const std::string part = decoder.push(token);
    expect(is_valid_utf8(part));
    text += part;
  }
  return text + decoder.flush();
}

void check(const Tokenizer& tokenizer, std::string_view text, bool is_restored) {
  for (const bool parses_special : {false, true}) {
    const auto tokens = tokenizer.encode(text, {.adds_special = false, .parses_special = parses_special});
    expect(tokens.is_ok());
    for (const TokenId token : *tokens) expect(token >= 0 && static_cast<std::size_t>(token) < tokenizer.size());
    const std::string decoded = tokenizer.decode(*tokens, true);
    if (is_restored) expect(decoded == text);
    if (is_valid_utf8(decoded)) expect(streamed(tokenizer, *tokens) == decoded);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Tokenizers tokenizers = make_all();
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto& byte_level = tokenizers.byte_level[data[0] % tokenizers.byte_level.size()];
  check(*byte_level, text, is_valid_utf8(text));
  // SentencePiece kinds keep invalid bytes, but write U+2581 as a space and put spaces behind special tokens.
  const bool is_plain = text.find("\xE2\x96\x81") == std::string_view::npos && text.find('<') == std::string_view::npos;
  check(*tokenizers.sentencepiece, text, is_plain);
  for (const auto& tokenizer : tokenizers.lossy) check(*tokenizer, text, false);
  return 0;
}
