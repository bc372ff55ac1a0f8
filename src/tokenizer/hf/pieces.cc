// Cuts pieces into stretches that match and stretches that do not, and joins them as the behavior asks.
#include "tokenizer/hf/pieces.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/utf8.h"

namespace sixfold::tokenizer::hf {

Result<SplitBehavior> read_behavior(const JsonNode& node, std::string_view name, SplitBehavior fallback) {
  struct Row {
    std::string_view name, other_name;
    SplitBehavior behavior;
  };
  constexpr std::array<Row, 5> kRows = {
      {{"Removed", "removed", SplitBehavior::kRemoved},
       {"Isolated", "isolated", SplitBehavior::kIsolated},
       {"MergedWithPrevious", "merged_with_previous", SplitBehavior::kMergedWithPrevious},
       {"MergedWithNext", "merged_with_next", SplitBehavior::kMergedWithNext},
       {"Contiguous", "contiguous", SplitBehavior::kContiguous}}};
  const auto field = node.find(name);
  if (!field.has_value()) return fallback;
  SIXFOLD_TRY(const std::string_view text, field->text());
  for (const Row& row : kRows) {
    if (text == row.name || text == row.other_name) return row.behavior;
  }
  return field->error(
      fmt::format("want one of Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous, got \"{}\"", text));
}

Pieces::Pieces(std::string text, bool starts_text) : text_(std::move(text)) {
  if (!text_.empty()) pieces_.push_back({{0, text_.size()}, starts_text});
}

Status Pieces::split(const Find& find, SplitBehavior behavior, bool inverts) {
  std::vector<Piece> cut;
  std::vector<Stretch> stretches;
  for (const Piece& piece : pieces_) {
    const std::string_view text = text_of(piece);
    stretches.clear();
    std::size_t covered = 0;
    for (std::size_t from = 0; from < text.size();) {
      SIXFOLD_TRY(const std::optional<TextRange> match, find(text, from));
      if (!match.has_value()) break;
      if (match->begin > covered) stretches.push_back({{covered, match->begin}, inverts});
      stretches.push_back({*match, !inverts});
      covered = match->end;
      const bool is_empty = match->begin == match->end;
      from = covered + (is_empty ? std::max<std::size_t>(read_utf8(text.substr(covered)).bytes, 1) : 0);
    }
    if (covered < text.size()) stretches.push_back({{covered, text.size()}, inverts});
    merge(stretches, behavior);
    for (const Stretch& stretch : stretches) {
      if (stretch.range.begin == stretch.range.end) continue;
      cut.push_back({{piece.range.begin + stretch.range.begin, piece.range.begin + stretch.range.end},
                     piece.starts_text && stretch.range.begin == 0});
    }
  }
  pieces_ = std::move(cut);
  return ok();
}

// Leaves the stretches that become pieces.
void Pieces::merge(std::vector<Stretch>& stretches, SplitBehavior behavior) {
  if (behavior == SplitBehavior::kIsolated) return;
  if (behavior == SplitBehavior::kRemoved) {
    std::erase_if(stretches, [](const Stretch& stretch) { return stretch.is_match; });
    return;
  }
  const bool is_backward = behavior == SplitBehavior::kMergedWithNext;
  if (is_backward) std::reverse(stretches.begin(), stretches.end());
  std::vector<Stretch> merged;
  bool was_match = false;
  for (const Stretch& stretch : stretches) {
    const bool joins =
        behavior == SplitBehavior::kContiguous ? stretch.is_match == was_match : stretch.is_match && !was_match;
    if (!joins || merged.empty()) {
      merged.push_back(stretch);
    } else if (is_backward) {
      merged.back().range.begin = stretch.range.begin;
    } else {
      merged.back().range.end = stretch.range.end;
    }
    was_match = stretch.is_match;
  }
  if (is_backward) std::reverse(merged.begin(), merged.end());
  stretches = std::move(merged);
}

void Pieces::split_at(const std::function<bool(char32_t)>& is_cut, SplitBehavior behavior) {
  const auto find = [&](std::string_view text, std::size_t from) -> Result<std::optional<TextRange>> {
    for (std::size_t at = from; at < text.size();) {
      const Utf8Step step = read_utf8(text.substr(at));
      if (is_cut(step.code_point)) return std::optional<TextRange>({at, at + step.bytes});
      at += step.bytes;
    }
    return std::optional<TextRange>();
  };
  SIXFOLD_CHECK(split(find, behavior).is_ok());
}

void Pieces::rewrite(const std::function<void(std::string_view, bool, std::string&)>& write) {
  std::string text;
  text.reserve(text_.size() + text_.size() / 4);
  std::vector<Piece> written;
  written.reserve(pieces_.size());
  for (const Piece& piece : pieces_) {
    const std::size_t begin = text.size();
    write(text_of(piece), piece.starts_text, text);
    if (text.size() > begin) written.push_back({{begin, text.size()}, piece.starts_text});
  }
  text_ = std::move(text);
  pieces_ = std::move(written);
}

}  // namespace sixfold::tokenizer::hf
