// The families' texts, and the two orders.
#include "tokenizer/infill.h"

#include <array>

#include "core/error.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::tokenizer {
namespace {

struct Family {
  std::string_view prefix, suffix;
  std::string_view middle;  // empty: what is missing follows the prefix at once
  std::string_view repository, file;
  bool suffix_comes_first = false;
};

// Source: the models' own cards and tokenizer files.
constexpr std::array<Family, 8> kFamilies = {{
    // Qwen2.5-Coder, Qwen3, CodeGemma, which has the first three only.
    {"<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|repo_name|>", "<|file_sep|>"},
    {"<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<repo_name>", "<file_sep>"},  // StarCoder2
    {"<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<reponame>", "<filename>"},   // StarCoder, Granite
    {"<fim-prefix>", "<fim-suffix>", "<fim-middle>", "", ""},                       // SantaCoder
    {"<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", "", ""},                 // DeepSeek-Coder
    {"▁<PRE>", "▁<SUF>", "▁<MID>", "", ""},                                         // Code Llama
    {"<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>", "", ""},              // GLM-4
    {"[PREFIX]", "[SUFFIX]", "", "", "", true},                                     // Codestral
}};

std::optional<InfillTokens> tokens_of(const Family& family, const FindToken& find) {
  const auto prefix = find(family.prefix);
  const auto suffix = find(family.suffix);
  const auto middle = find(family.middle);
  if (!prefix || !suffix || (!middle && !family.middle.empty())) return std::nullopt;
  InfillTokens tokens{.prefix = *prefix,
                      .suffix = *suffix,
                      .middle = middle,
                      .repository = find(family.repository),
                      .file = find(family.file),
                      .suffix_comes_first = family.suffix_comes_first};
  return tokens;
}

// Puts a prompt together, piece by piece.
class Prompt {
 public:
  Prompt(const Tokenizer& tokenizer, std::vector<TokenId>& tokens) : tokenizer_(tokenizer), tokens_(tokens) {}

  void add(std::optional<TokenId> token) {
    if (token) tokens_.push_back(*token);
  }
  Status add(std::string_view text) {
    SIXFOLD_TRY(const std::vector<TokenId> more,
                tokenizer_.encode(text, {.adds_special = false, .parses_special = false}));
    tokens_.insert(tokens_.end(), more.begin(), more.end());
    return ok();
  }

 private:
  const Tokenizer& tokenizer_;
  std::vector<TokenId>& tokens_;
};

}  // namespace

std::optional<InfillTokens> find_infill_tokens(const Vocabulary& vocabulary, const FindToken& find) {
  if (vocabulary.fim_prefix && vocabulary.fim_suffix && vocabulary.fim_middle) {
    return InfillTokens{.prefix = *vocabulary.fim_prefix,
                        .suffix = *vocabulary.fim_suffix,
                        .middle = vocabulary.fim_middle,
                        .repository = vocabulary.fim_repository,
                        .file = vocabulary.fim_file,
                        .suffix_comes_first = false};
  }
  std::optional<InfillTokens> found;
  for (const Family& family : kFamilies) {
    auto tokens = tokens_of(family, find);
    if (!tokens) continue;
    // Of two families with the same marks, the one whose marks of files the vocabulary has too.
    if (!found || (!found->file && tokens->file)) found = tokens;
  }
  return found;
}

Result<std::vector<TokenId>> infill_prompt(const Tokenizer& tokenizer, const InfillInput& input) {
  const std::optional<InfillTokens> marks = tokenizer.infill_tokens();
  if (!marks) return invalid_argument("the model cannot fill in the middle: its vocabulary has no tokens for that");
  std::vector<TokenId> tokens;
  Prompt prompt(tokenizer, tokens);
  if (tokenizer.adds_bos()) prompt.add(tokenizer.bos());
  // Nobody said what the repository is called, but models were trained to read a name before their files.
  if (marks->repository && !input.files.empty()) {
    prompt.add(marks->repository);
    SIXFOLD_TRY_STATUS(prompt.add("project\n"));
  }
  std::string before;  // of a model that has no mark for files
  for (const InfillFile& file : input.files) {
    if (!marks->file) {
      before += file.text + "\n\n";
      continue;
    }
    prompt.add(marks->file);
    SIXFOLD_TRY_STATUS(prompt.add(file.name + "\n" + file.text + "\n"));
  }
  // The text itself is a file too, whose name nobody said.
  if (marks->file && !input.files.empty()) {
    prompt.add(marks->file);
    SIXFOLD_TRY_STATUS(prompt.add("\n"));
  }
  if (marks->suffix_comes_first) {
    prompt.add(marks->suffix);
    SIXFOLD_TRY_STATUS(prompt.add(input.suffix));
    prompt.add(marks->prefix);
    SIXFOLD_TRY_STATUS(prompt.add(before + input.prefix + (marks->middle ? "" : input.middle)));
    if (!marks->middle) return tokens;
  } else {
    prompt.add(marks->prefix);
    SIXFOLD_TRY_STATUS(prompt.add(before + input.prefix));
    prompt.add(marks->suffix);
    SIXFOLD_TRY_STATUS(prompt.add(input.suffix));
  }
  prompt.add(marks->middle);
  SIXFOLD_TRY_STATUS(prompt.add(input.middle));
  return tokens;
}

}  // namespace sixfold::tokenizer
