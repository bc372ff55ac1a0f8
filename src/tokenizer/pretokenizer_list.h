// The pre-tokenizers we know, by the names that model files use.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace sixfold::tokenizer {

struct PretokenizerInfo {
  std::string_view name;
  std::span<const std::string_view> patterns;
  bool ignores_merges = false;  // a word that is a token is taken whole, whatever the merges would make of it
  bool adds_bos = false;        // when the file does not say
};

// Null for a name we do not know.  The empty name is "default".
const PretokenizerInfo* find_pretokenizer(std::string_view name);

// "command-r, default, falcon, ...", for messages.
std::string pretokenizer_names();

}  // namespace sixfold::tokenizer
