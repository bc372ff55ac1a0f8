// Goes from match to match, building the new text.
#include "tokenizer/hf/replacement.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "core/utf8.h"

namespace sixfold::tokenizer::hf {

Result<TextPattern> TextPattern::read(const JsonNode& node) {
  TextPattern made;
  if (const auto text = node.find("String"); text.has_value()) {
    SIXFOLD_TRY(made.text_, text->text());
    return made;
  }
  SIXFOLD_TRY(const std::string_view expression, node.string("Regex"));
  Result<Pattern> pattern = Pattern::make(expression, Pattern::Dialect::kOniguruma);
  if (!pattern) return node.error(pattern.error().message);
  made.pattern_ = std::move(pattern).value();
  return made;
}

Result<std::optional<TextRange>> TextPattern::find(std::string_view text, std::size_t from,
                                                   MatchScratch& scratch) const {
  if (pattern_.has_value()) return pattern_->find(text, from, scratch, true);
  const std::size_t begin = text_.empty() ? std::string_view::npos : text.find(text_, from);
  if (begin == std::string_view::npos) return std::optional<TextRange>();
  return std::optional<TextRange>({begin, begin + text_.size()});
}

Result<Replacement> Replacement::read(const JsonNode& node) {
  Replacement made;
  SIXFOLD_TRY(const JsonNode pattern, node.get("pattern"));
  SIXFOLD_TRY(made.pattern_, TextPattern::read(pattern));
  SIXFOLD_TRY(made.content_, node.string("content"));
  return made;
}

Status Replacement::apply(std::string& text) const {
  MatchScratch scratch(text.size());
  std::string result;
  std::size_t copied = 0;
  for (std::size_t from = 0; from < text.size();) {
    SIXFOLD_TRY(const std::optional<TextRange> match, pattern_.find(text, from, scratch));
    if (!match.has_value()) break;
    result.append(text, copied, match->begin - copied);
    result += content_;
    copied = match->end;
    const bool is_empty = match->begin == match->end;
    from = is_empty ? match->end + std::max<std::size_t>(read_utf8(std::string_view(text).substr(match->end)).bytes, 1)
                    : match->end;
    if (result.size() > limits::kNormalizedBytesMax) {
      return resource_exhausted("tokenizer.json: replacing makes the text longer than {} bytes",
                                limits::kNormalizedBytesMax);
    }
  }
  if (copied == 0 && result.empty()) return ok();
  result.append(text, copied);
  text = std::move(result);
  return ok();
}

}  // namespace sixfold::tokenizer::hf
