// Turns the texts of merges, as every file of a BPE tokenizer has them, into pairs of ids.
#pragma once
#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "tokenizer/merges.h"
#include "tokenizer/token_table.h"

namespace sixfold::tokenizer {

struct MergeTexts {
  std::string_view left, right;
};

// Where merges come from.  All views must outlive the builder.
struct MergeSource {
  std::size_t count = 0;
  // The two texts of a merge; nothing when they are not two.
  std::function<std::optional<MergeTexts>(std::size_t rank)> texts;
  // The file's own words for a merge that cannot be used: "vocabulary: merge 7: " and the problem.
  std::function<Error(std::size_t rank, std::string_view problem)> error;
  std::size_t tokens_end = 0;          // tokens of this id and above do not count
  std::size_t right_prefix_bytes = 0;  // of a right part, which the two together lack ("##")
};

// All tables are larger than the caches, so that it goes in batches: what the next step reads of each merge is asked
// for while the others are in this one.  One thread; used once.
class MergeTableBuilder {
 public:
  MergeTableBuilder(const TokenTable& table, const MergeSource& source)
      : table_(table), source_(source), made_(source.count) {}

  // Errors: those that source.error makes.
  Result<MergeTable> build();

 private:
  static constexpr std::size_t kBatch = 64;

  struct Merge {
    std::size_t rank = 0;
    MergeTexts texts;
    std::uint64_t left_hash = 0, right_hash = 0;
    TokenId left_id = 0, right_id = 0, result = 0;
  };

  void begin(std::size_t rank, const MergeTexts& texts, Merge& merge) const;
  bool find_ids(Merge& merge);
  std::optional<TokenId> own(std::optional<TokenId> token) const;
  std::optional<TokenId> find_result(const MergeTexts& texts);
  Error not_all_found(const Merge& merge) const;

  const TokenTable& table_;
  const MergeSource& source_;
  MergeTable made_;
  std::array<Merge, kBatch> batch_;
  TokenId next_result_ = 0;
  std::string joined_;
};

}  // namespace sixfold::tokenizer
