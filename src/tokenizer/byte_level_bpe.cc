// Byte-level BPE, the tokenizer of GPT-2, Llama 3, Qwen and most others ("gpt2" in model files).
// Source: Radford et al., "Language Models are Unsupervised Multitask Learners", section 2.2.
#include <array>
#include <utility>

#include "core/error.h"
#include "core/log.h"
#include "core/utf8.h"
#include "tokenizer/base_tokenizer.h"
#include "tokenizer/byte_level.h"
#include "tokenizer/merge_table_builder.h"
#include "tokenizer/pretokenize.h"
#include "tokenizer/pretokenizer_list.h"

namespace sixfold::tokenizer {
namespace {

constexpr TokenId kNoToken = -1;

// Memory of one encode call.
struct Scratch {
  std::vector<Symbol> symbols;
  MergeScratch merging;
  std::string word;
};

class ByteLevelBpe final : public BaseTokenizer {
 public:
  ByteLevelBpe(TokenTable tokens, SpecialTokens special, const PretokenizerInfo& info, Pretokenizer pretokenizer,
               MergeTable merges)
      : BaseTokenizer(std::move(tokens), std::move(special), {.adds_bos = info.adds_bos}),
        ignores_merges_(info.ignores_merges),
        pretokenizer_(std::move(pretokenizer)),
        merges_(std::move(merges)) {
    for (std::size_t byte = 0; byte < byte_tokens_.size(); ++byte) {
      const char character = static_cast<char>(byte);
      std::string text;
      append_byte_level(text, {&character, 1});
      byte_tokens_[byte] = table().find(text).value_or(kNoToken);
    }
  }

 private:
  Status encode_plain(std::string_view text, bool /*follows_special*/, std::vector<TokenId>& tokens) const override {
    std::string repaired;
    if (!is_valid_utf8(text)) {
      repaired = replace_broken_utf8(text);  // the patterns need valid UTF-8
      text = repaired;
    }
    Scratch scratch;
    return pretokenizer_.split(text, [&](std::string_view word) {
      encode_word(word, scratch, tokens);
      return ok();
    });
  }

  void encode_word(std::string_view word, Scratch& scratch, std::vector<TokenId>& tokens) const {
    if (ignores_merges_) {
      scratch.word.clear();
      append_byte_level(scratch.word, word);
      if (const auto whole = table().find(scratch.word); whole.has_value()) {
        tokens.push_back(*whole);
        return;
      }
    }
    scratch.symbols.clear();
    for (const char byte : word) scratch.symbols.push_back({byte_tokens_[static_cast<unsigned char>(byte)], 0});
    scratch.merging.merge(merges_, scratch.symbols);
    for (const Symbol& symbol : scratch.symbols) {
      // A byte that the vocabulary lacks (only cut-down ones do) is unknown, or lost where there is no such token.
      if (symbol.id != kNoToken) {
        tokens.push_back(symbol.id);
      } else if (table().vocabulary().unknown.has_value()) {
        tokens.push_back(*table().vocabulary().unknown);
      }
    }
  }

  std::string plain_piece(TokenId token) const override { return from_byte_level(table().text(token)); }

  const bool ignores_merges_;
  const Pretokenizer pretokenizer_;
  const MergeTable merges_;
  std::array<TokenId, 256> byte_tokens_;  // kNoToken: none
};

// "left right" in one text each.
Result<MergeTable> read_merges(const TokenTable& table) {
  const StringArray& merges = table.vocabulary().merges;
  const MergeSource source{
      .count = merges.size(),
      .texts = [&](std::size_t rank) -> std::optional<MergeTexts> {
        const std::string_view text = merges[rank];
        // The left part may itself be a space in files that do not write spaces as U+0120.
        const std::size_t space = text.find(' ', 1);
        if (space == std::string_view::npos || space + 1 == text.size()) return std::nullopt;
        return MergeTexts{text.substr(0, space), text.substr(space + 1)};
      },
      .error = [](std::size_t rank,
                  std::string_view problem) { return corrupt_data("vocabulary: merge {}: {}", rank, problem); },
      .tokens_end = table.size()};
  return MergeTableBuilder(table, source).build();
}

}  // namespace

Result<std::unique_ptr<Tokenizer>> make_byte_level_bpe(TokenTable table) {
  const std::string& name = table.vocabulary().pretokenizer;
  const PretokenizerInfo* info = find_pretokenizer(name);
  if (info == nullptr) {
    return invalid_argument("vocabulary: pre-tokenizer: want one of {}, got \"{}\"", pretokenizer_names(), name);
  }
  if (name.empty())
    spdlog::warn("vocabulary: the file names no pre-tokenizer; its ids may differ from the model's own");
  SIXFOLD_TRY(Pretokenizer pretokenizer, Pretokenizer::make(info->patterns));
  SIXFOLD_TRY(MergeTable merges, read_merges(table));
  table.drop_merges();
  SIXFOLD_TRY(SpecialTokens special, SpecialTokens::make(table));
  return std::unique_ptr<Tokenizer>(std::make_unique<ByteLevelBpe>(std::move(table), std::move(special), *info,
                                                                   std::move(pretokenizer), std::move(merges)));
}

}  // namespace sixfold::tokenizer
