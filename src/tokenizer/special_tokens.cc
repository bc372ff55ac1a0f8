// Walks the sorted list of special tokens byte by byte, which needs no tree and no second copy of their texts.
#include "tokenizer/special_tokens.h"

#include <algorithm>

#include "core/error.h"
#include "core/limits.h"

namespace sixfold::tokenizer {
namespace {

unsigned byte_at(std::string_view text, std::size_t index) {
  return static_cast<unsigned char>(text[index]);
}

}  // namespace

Result<SpecialTokens> SpecialTokens::make(const TokenTable& table) {
  SpecialTokens special;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto token = static_cast<TokenId>(i);
    const std::string_view text = table.text(token);
    // Text that asks for "<|im_end|>" means that token even where the file calls it ordinary; llama.cpp does the same.
    const bool needs_request = table.is_hidden(token) || table.has_end_text(token);
    const bool is_special = needs_request || table.kind(token) == TokenKind::kUserDefined;
    if (!is_special || text.empty() || table.find(text) != token) continue;
    if (text.size() > limits::kSpecialTokenBytesMax) {
      return corrupt_data("vocabulary: special token {}: want at most {} bytes, got {}", token,
                          limits::kSpecialTokenBytesMax, text.size());
    }
    special.entries_.push_back({text, token, needs_request});
    special.begins_[byte_at(text, 0)] = true;
  }
  std::sort(special.entries_.begin(), special.entries_.end(),
            [](const Entry& a, const Entry& b) { return a.text < b.text; });
  return special;
}

std::optional<SpecialTokens::Match> SpecialTokens::longest_at(std::string_view text, bool parses_special) const {
  std::optional<Match> longest;
  auto first = entries_.begin();
  auto last = entries_.end();
  // Invariant: [first, last) are the entries that begin with the first `depth` bytes of text.
  for (std::size_t depth = 0;; ++depth) {
    if (first != last && first->text.size() == depth) {
      if (parses_special || !first->needs_request) longest = Match{first->token, depth};
      ++first;
    }
    if (first == last || depth == text.size()) return longest;
    const unsigned byte = byte_at(text, depth);
    first = std::partition_point(first, last, [&](const Entry& entry) { return byte_at(entry.text, depth) < byte; });
    last = std::partition_point(first, last, [&](const Entry& entry) { return byte_at(entry.text, depth) == byte; });
  }
}

std::vector<TextPart> SpecialTokens::split(std::string_view text, bool parses_special) const {
  std::vector<TextPart> parts;
  std::size_t begin = 0;  // of the text part being read
  for (std::size_t at = 0; at < text.size();) {
    if (!begins_[byte_at(text, at)]) {
      ++at;
      continue;
    }
    const std::optional<Match> match = longest_at(text.substr(at), parses_special);
    if (!match.has_value()) {
      ++at;
      continue;
    }
    if (at > begin) parts.push_back({text.substr(begin, at - begin), std::nullopt});
    parts.push_back({text.substr(at, match->bytes), match->token});
    at += match->bytes;
    begin = at;
  }
  if (begin < text.size()) parts.push_back({text.substr(begin), std::nullopt});
  return parts;
}

}  // namespace sixfold::tokenizer
