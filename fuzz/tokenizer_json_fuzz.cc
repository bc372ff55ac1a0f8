// tokenizer.json and tokenizer.model come with models from strangers: any bytes are refused or give a tokenizer that
// can be used.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tokenizer/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sixfold::tokenizer;
  if (size == 0) return 0;
  const std::string file(reinterpret_cast<const char*>(data) + 1, size - 1);
  Vocabulary vocabulary;
  if (data[0] == 'm') {
    vocabulary.sentencepiece_model = file;
  } else {
    vocabulary.huggingface_json = file;
  }
  const auto tokenizer = make_tokenizer(std::move(vocabulary));
  if (!tokenizer.is_ok()) return 0;
  for (const std::string_view text : {std::string_view("Hello  the <tool> caf\xC3\xA9\xCC\x81 \xE4\xB8\xAD 123!\n"),
                                      std::string_view("\xFF a-b"), std::string_view(file).substr(0, 64)}) {
    const auto tokens = (*tokenizer)->encode(text, {.adds_special = true, .parses_special = true});
    if (!tokens.is_ok()) continue;  // a pattern may give up
    for (const TokenId token : *tokens) {
      if (token < 0 || static_cast<std::size_t>(token) >= (*tokenizer)->size()) std::abort();
    }
    (*tokenizer)->decode(*tokens, true);
  }
  return 0;
}
