// Reads Content-Range and ETag.
#include "registry/content_range.h"

#include <charconv>

namespace sixfold::registry {
namespace {

// Takes a number and the `mark` behind it off the front; the last number has none.
std::optional<std::uint64_t> take_number(std::string_view& text, char mark) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (mark == '\0') return text.empty() ? std::optional(number) : std::nullopt;
  if (text.empty() || text.front() != mark) return std::nullopt;
  text.remove_prefix(1);
  return number;
}

}  // namespace

std::optional<ContentRange> parse_content_range(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  if (!text.starts_with(kUnit)) return std::nullopt;
  text.remove_prefix(kUnit.size());
  const auto first = take_number(text, '-');
  const auto last = first ? take_number(text, '/') : std::nullopt;
  const auto total = last ? take_number(text, '\0') : std::nullopt;
  if (!total || *first > *last || *last >= *total) return std::nullopt;
  return ContentRange{*first, *last, *total};
}

std::string_view strong_validator(const net::ResponseHead& head) {
  const std::string_view tag = head.header("ETag");
  return tag.size() > 2 && tag.front() == '"' && tag.back() == '"' ? tag : std::string_view();
}

}  // namespace sixfold::registry
