// Walks the double array, with every step checked: the file may point anywhere.
#include "tokenizer/charsmap.h"

#include "core/error.h"
#include "core/utf8.h"

namespace sixfold::tokenizer {
namespace {

// Longer keys are not looked for.  Published maps have none of more than 20 bytes; a crafted array may go round in
// circles.
constexpr std::size_t kKeyBytesMax = 64;

std::uint32_t read_u32(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

// A unit of the double array.  Source: github.com/s-yata/darts-clone, include/darts.h, class DoubleArrayUnit.
bool has_leaf(std::uint32_t unit) {
  return (unit >> 8 & 1) != 0;
}
std::uint32_t value_of(std::uint32_t unit) {
  return unit & 0x7FFFFFFF;
}
std::uint32_t label_of(std::uint32_t unit) {
  return unit & 0x800000FF;
}
std::uint32_t offset_of(std::uint32_t unit) {
  return unit >> 10 << ((unit & 1u << 9) >> 6);
}

}  // namespace

Result<Charsmap> Charsmap::make(std::string_view bytes) {
  Charsmap made;
  if (bytes.empty()) return made;
  if (bytes.size() < sizeof(std::uint32_t)) return corrupt_data("charsmap: want 4 bytes or more, got {}", bytes.size());
  const std::size_t array_bytes = read_u32(bytes, 0);
  bytes.remove_prefix(sizeof(std::uint32_t));
  if (array_bytes == 0 || array_bytes % sizeof(std::uint32_t) != 0 || array_bytes >= bytes.size()) {
    return corrupt_data("charsmap: array: want a multiple of 4 bytes and less than {}, got {}", bytes.size(),
                        array_bytes);
  }
  for (std::size_t at = 0; at < array_bytes; at += sizeof(std::uint32_t)) made.units_.push_back(read_u32(bytes, at));
  made.replacements_ = bytes.substr(array_bytes);
  if (made.replacements_.back() != '\0') return corrupt_data("charsmap: replacements: the last one has no end");
  if (!is_valid_utf8(made.replacements_)) return corrupt_data("charsmap: replacements: want UTF-8");
  return made;
}

template <class Visit>
void Charsmap::for_each_key(std::string_view text, Visit&& visit) const {
  if (units_.empty()) return;
  std::uint32_t at = offset_of(units_[0]);
  const std::string_view replacements = replacements_;
  for (std::size_t i = 0; i < text.size() && i < kKeyBytesMax; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    at ^= byte;
    if (at >= units_.size() || label_of(units_[at]) != byte) return;
    const std::uint32_t unit = units_[at];
    at ^= offset_of(unit);
    if (!has_leaf(unit) || at >= units_.size()) continue;
    const std::uint32_t begin = value_of(units_[at]);
    const bool is_first_byte =
        begin < replacements.size() && (static_cast<unsigned char>(replacements[begin]) & 0xC0) != 0x80;
    if (!is_first_byte) continue;
    visit(Match{replacements.substr(begin, replacements.find('\0', begin) - begin), i + 1});
  }
}

std::optional<Charsmap::Match> Charsmap::longest(std::string_view text) const {
  std::optional<Match> found;
  for_each_key(text, [&](const Match& match) { found = match; });
  return found;
}

std::optional<Charsmap::Match> Charsmap::shortest(std::string_view text) const {
  std::optional<Match> found;
  for_each_key(text, [&](const Match& match) {
    if (!found.has_value()) found = match;
  });
  return found;
}

}  // namespace sixfold::tokenizer
