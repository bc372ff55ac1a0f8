// Filling in the middle of a text: the special tokens that mark its parts, and the prompt made of them.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "tokenizer/vocabulary.h"

namespace sixfold::tokenizer {

class Tokenizer;

// Source: arXiv:2207.14255, section 3, which names the two orders PSM and SPM.
struct InfillTokens {
  TokenId prefix = 0, suffix = 0;
  std::optional<TokenId> middle = {};                 // always there when the prefix comes first
  std::optional<TokenId> repository = {}, file = {};  // before the names of repositories and files
  bool suffix_comes_first = false;
};

using FindToken = std::function<std::optional<TokenId>(std::string_view text)>;

// By the ids that the file names, else by the texts of the families that we know.
std::optional<InfillTokens> find_infill_tokens(const Vocabulary& vocabulary, const FindToken& find);

struct InfillFile {
  std::string name;
  std::string text;
};

struct InfillInput {
  std::string prefix = {};
  std::string suffix = {};
  std::string middle = {};             // how the answer begins
  std::vector<InfillFile> files = {};  // other files, that the model may learn from
};

// The beginning token if the vocabulary asks for one, the other files, and the text in the order of the model's family.
// No text of the input is read as a special token. Errors: invalid_argument for a model without such tokens, and as
// Tokenizer::encode.
Result<std::vector<TokenId>> infill_prompt(const Tokenizer& tokenizer, const InfillInput& input);

}  // namespace sixfold::tokenizer
