// The "added_tokens" of tokenizer.json: found in the text before the model sees it.
// Source: github.com/huggingface/tokenizers, tokenizers/src/tokenizer/added_vocabulary.rs.
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "tokenizer/hf/json_node.h"
#include "tokenizer/prefix_trie.h"
#include "tokenizer/special_tokens.h"

namespace sixfold::tokenizer::hf {

struct AddedToken {
  std::string text;
  TokenId token = 0;
  bool is_special = false;        // control: found only on request
  bool is_normalized = false;     // looked for in the normalized text, else in the text as it came
  bool takes_left_space = false;  // with the white space before it
  bool takes_right_space = false;
  bool is_single_word = false;  // not found inside a word
};

// Ids as the file gives them.  Errors: corrupt_data (names the field).
Result<std::vector<AddedToken>> read_added_tokens(const JsonNode& document);

// Finds added tokens.  Immutable, thread-safe.
class AddedTokenFinder {
 public:
  explicit AddedTokenFinder(std::vector<AddedToken> tokens);

  // Cuts text at its added tokens: leftmost first, the longest of those that begin at one place.  Text parts are not
  // empty.  text: valid UTF-8; parts are views of it.
  std::vector<TextPart> split(std::string_view text, bool takes_special) const;

 private:
  // The longest token that text has at `at`, as an index into tokens_; -1 for none.
  std::int32_t longest_at(std::string_view text, std::size_t at, bool takes_special) const;

  std::vector<AddedToken> tokens_;
  PrefixTrie trie_;  // token: index into tokens_
  std::array<bool, 256> begins_{};
};

}  // namespace sixfold::tokenizer::hf
