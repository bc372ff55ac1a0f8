// Batches of merges, and a guess at what each becomes.
#include "tokenizer/merge_table_builder.h"

#include <fmt/format.h>

#include <algorithm>

namespace sixfold::tokenizer {

Result<MergeTable> MergeTableBuilder::build() {
  for (std::size_t first = 0; first < source_.count; first += kBatch) {
    const std::span<Merge> batch = std::span(batch_).first(std::min(kBatch, source_.count - first));
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const auto texts = source_.texts(first + i);
      if (!texts) return source_.error(first + i, "want two tokens and a space between them");
      begin(first + i, *texts, batch[i]);
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

void MergeTableBuilder::begin(std::size_t rank, const MergeTexts& texts, Merge& merge) const {
  merge = {.rank = rank, .texts = texts};
  merge.left_hash = TokenTable::hash_of(texts.left);
  merge.right_hash = TokenTable::hash_of(texts.right);
  table_.expect(merge.left_hash);
  table_.expect(merge.right_hash);
}

// False when there are not all three.
bool MergeTableBuilder::find_ids(Merge& merge) {
  const auto left = own(table_.find(merge.texts.left, merge.left_hash));
  const auto right = own(table_.find(merge.texts.right, merge.right_hash));
  const auto result = find_result(merge.texts);
  if (!left || !right || !result) return false;
  merge.left_id = *left;
  merge.right_id = *right;
  merge.result = *result;
  made_.expect(*left, *right);
  return true;
}

std::optional<TokenId> MergeTableBuilder::own(std::optional<TokenId> token) const {
  return token && static_cast<std::size_t>(*token) < source_.tokens_end ? token : std::nullopt;
}

// Tokens mostly come in the order of the merges that first made them: the next one is tried before all are searched.
std::optional<TokenId> MergeTableBuilder::find_result(const MergeTexts& texts) {
  const std::string_view rest = texts.right.substr(std::min(source_.right_prefix_bytes, texts.right.size()));
  if (table_.has(next_result_) && own(next_result_) && !table_.has_twins()) {
    const std::string_view text = table_.text(next_result_);
    if (text.size() == texts.left.size() + rest.size() && text.starts_with(texts.left) && text.ends_with(rest)) {
      return next_result_++;
    }
  }
  joined_.assign(texts.left).append(rest);
  const auto result = own(table_.find(joined_));
  if (result) next_result_ = *result + 1;
  return result;
}

Error MergeTableBuilder::not_all_found(const Merge& merge) const {
  const bool has_left = own(table_.find(merge.texts.left)).has_value();
  const bool has_right = own(table_.find(merge.texts.right)).has_value();
  return source_.error(merge.rank, fmt::format("want parts and result among the tokens, got {} that is not",
                                               !has_left ? "a left part" : (!has_right ? "a right part" : "a result")));
}

}  // namespace sixfold::tokenizer
