// Byte-level BPE, the tokenizer of GPT-2, Llama 3, Qwen and most others ("gpt2" in model files).
// Source: Radford et al., "Language Models are Unsupervised Multitask Learners", section 2.2.
#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "core/error.h"
#include "core/log.h"
#include "core/utf8.h"
#include "tokenizer/base_tokenizer.h"
#include "tokenizer/byte_level.h"
#include "tokenizer/merges.h"
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

// Turns the texts of merges into pairs of ids.  All tables are larger than the caches, so that it goes in batches: what
// the next step reads of each merge is asked for while the others are in this one.
class MergeTableBuilder {
 public:
  explicit MergeTableBuilder(const TokenTable& table)
      : table_(table), merges_(table.vocabulary().merges), made_(merges_.size()) {}

  Result<MergeTable> build() {
    for (std::size_t first = 0; first < merges_.size(); first += kBatch) {
      const std::span<Merge> batch = std::span(batch_).first(std::min(kBatch, merges_.size() - first));
      for (std::size_t i = 0; i < batch.size(); ++i) {
        if (!split(first + i, batch[i])) {
          return corrupt_data("vocabulary: merge {}: want two tokens and a space between them, got {} bytes without",
                              first + i, merges_[first + i].size());
        }
      }
      for (const Merge& merge : batch) {
        table_.expect_text(merge.left_hash);
        table_.expect_text(merge.right_hash);
      }
      for (Merge& merge : batch) {
        if (!find_ids(merge)) return not_all_found(merge);
      }
      for (const Merge& merge : batch) {
        made_.add(merge.left_id, merge.right_id, {static_cast<std::uint32_t>(merge.rank), merge.result});
      }
    }
    return std::move(made_);
  }

 private:
  static constexpr std::size_t kBatch = 64;

  struct Merge {
    std::size_t rank = 0;
    std::string_view left, right;
    std::uint64_t left_hash = 0, right_hash = 0;
    TokenId left_id = 0, right_id = 0, result = 0;
  };

  // False when there are no two texts.
  bool split(std::size_t rank, Merge& merge) const {
    const std::string_view text = merges_[rank];
    // The left part may itself be a space in files that do not write spaces as U+0120.
    const std::size_t space = text.find(' ', 1);
    if (space == std::string_view::npos || space + 1 == text.size()) return false;
    merge = {.rank = rank, .left = text.substr(0, space), .right = text.substr(space + 1)};
    merge.left_hash = TokenTable::hash_of(merge.left);
    merge.right_hash = TokenTable::hash_of(merge.right);
    table_.expect(merge.left_hash);
    table_.expect(merge.right_hash);
    return true;
  }

  // False when there are not all three.
  bool find_ids(Merge& merge) {
    const auto left = table_.find(merge.left, merge.left_hash);
    const auto right = table_.find(merge.right, merge.right_hash);
    const auto result = find_result(merge);
    if (!left.has_value() || !right.has_value() || !result.has_value()) return false;
    merge.left_id = *left;
    merge.right_id = *right;
    merge.result = *result;
    made_.expect(*left, *right);
    return true;
  }

  Error not_all_found(const Merge& merge) const {
    const bool has_left = table_.find(merge.left).has_value();
    const bool has_right = table_.find(merge.right).has_value();
    return corrupt_data("vocabulary: merge {}: want parts and result among the tokens, got {} that is not", merge.rank,
                        !has_left ? "a left part" : (!has_right ? "a right part" : "a result"));
  }

  // Tokens mostly come in the order of the merges that first made them: the next one is tried before all are searched.
  std::optional<TokenId> find_result(const Merge& merge) {
    if (table_.has(next_result_) && !table_.has_twins()) {
      const std::string_view text = table_.text(next_result_);
      if (text.size() == merge.left.size() + merge.right.size() && text.starts_with(merge.left) &&
          text.ends_with(merge.right)) {
        return next_result_++;
      }
    }
    joined_.assign(merge.left).append(merge.right);
    const auto result = table_.find(joined_);
    if (result.has_value()) next_result_ = *result + 1;
    return result;
  }

  const TokenTable& table_;
  const StringArray& merges_;
  MergeTable made_;
  std::array<Merge, kBatch> batch_;
  TokenId next_result_ = 0;
  std::string joined_;
};

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
  SIXFOLD_TRY(MergeTable merges, MergeTableBuilder(table).build());
  table.drop_merges();
  SIXFOLD_TRY(SpecialTokens special, SpecialTokens::make(table));
  return std::unique_ptr<Tokenizer>(std::make_unique<ByteLevelBpe>(std::move(table), std::move(special), *info,
                                                                   std::move(pretokenizer), std::move(merges)));
}

}  // namespace sixfold::tokenizer
