// Applies one pattern after another, each to what the one before left.
#include "tokenizer/pretokenize.h"

#include <utility>

#include "core/error.h"

namespace sixfold::tokenizer {

Result<Pretokenizer> Pretokenizer::make(std::span<const std::string_view> patterns) {
  Pretokenizer made;
  for (const std::string_view text : patterns) {
    Result<Pattern> pattern = Pattern::make(text);
    if (!pattern) return internal_error("pre-tokenizer: {}", pattern.error().message);
    made.patterns_.push_back(std::move(pattern).value());
  }
  return made;
}

Status Pretokenizer::split(std::string_view text, const Visit& visit) const {
  MatchScratch scratch(text.size());
  return split_by(0, text, visit, scratch);
}

Status Pretokenizer::split_by(std::size_t stage, std::string_view text, const Visit& visit,
                              MatchScratch& scratch) const {
  if (text.empty()) return ok();
  if (stage == patterns_.size()) return visit(text);
  std::size_t begin = 0;  // of what no match has covered yet
  while (begin < text.size()) {
    const Result<std::optional<TextRange>> found = patterns_[stage].find(text, begin, scratch);
    if (!found) return internal_error("pre-tokenizer: pattern {} {}", stage, found.error().message);
    if (!found->has_value()) break;
    const TextRange match = **found;
    SIXFOLD_TRY_STATUS(split_by(stage + 1, text.substr(begin, match.begin - begin), visit, scratch));
    SIXFOLD_TRY_STATUS(split_by(stage + 1, text.substr(match.begin, match.end - match.begin), visit, scratch));
    begin = match.end;
  }
  return split_by(stage + 1, text.substr(begin), visit, scratch);
}

}  // namespace sixfold::tokenizer
