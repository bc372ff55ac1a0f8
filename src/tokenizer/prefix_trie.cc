// Sorts the entries and lays the tree out level by level.
#include "tokenizer/prefix_trie.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/check.h"

namespace sixfold::tokenizer {
namespace {

// Entries are compared by their first eight bytes as one number, which settles most comparisons.
struct SortKey {
  std::uint64_t head = 0;
  std::uint32_t index = 0;
};

std::uint64_t head_of(std::string_view text) {
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < sizeof(head); ++i) {
    head = head << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0u);
  }
  return head;
}

std::vector<SortKey> sorted(const std::vector<PrefixTrie::Entry>& entries) {
  std::vector<SortKey> keys;
  keys.reserve(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!entries[i].text.empty()) keys.push_back({head_of(entries[i].text), static_cast<std::uint32_t>(i)});
  }
  std::sort(keys.begin(), keys.end(), [&](const SortKey& a, const SortKey& b) {
    if (a.head != b.head) return a.head < b.head;
    const int order = entries[a.index].text.compare(entries[b.index].text);
    return order != 0 ? order < 0 : a.index < b.index;
  });
  return keys;
}

}  // namespace

PrefixTrie::PrefixTrie(std::vector<Entry> entries) {
  struct Range {
    std::uint32_t begin = 0, end = 0;  // of the sorted entries that begin with the node's bytes
  };
  const std::vector<SortKey> keys = sorted(entries);
  const auto text_of = [&](std::uint32_t at) { return entries[keys[at].index].text; };
  std::vector<Range> level = {{0, static_cast<std::uint32_t>(keys.size())}};
  byte_.push_back(0);
  std::vector<Range> next;
  for (std::size_t depth = 0; !level.empty(); ++depth) {
    next.clear();
    for (const Range& range : level) {
      std::uint32_t at = range.begin;
      const bool is_entry = at < range.end && text_of(at).size() == depth;
      tokens_.push_back(is_entry ? entries[keys[at].index].token : kNoToken);
      while (at < range.end && text_of(at).size() == depth) ++at;
      first_child_.push_back(static_cast<std::uint32_t>(byte_.size()));
      while (at < range.end) {
        const char byte = text_of(at)[depth];
        const std::uint32_t begin = at;
        while (at < range.end && text_of(at)[depth] == byte) ++at;
        byte_.push_back(static_cast<unsigned char>(byte));
        next.push_back({begin, at});
      }
    }
    std::swap(level, next);
  }
  first_child_.push_back(static_cast<std::uint32_t>(byte_.size()));
  SIXFOLD_CHECK(byte_.size() == tokens_.size());
  for (std::uint32_t node = first_child_[0]; node < first_child_[1]; ++node) children_of_root_[byte_[node]] = node;
}

std::uint32_t PrefixTrie::child(std::uint32_t node, unsigned char byte) const {
  if (node == 0) return children_of_root_[byte];
  const std::uint32_t begin = first_child_[node];
  const std::uint32_t end = first_child_[node + 1];
  if (begin == end) return kNone;
  const void* found = std::memchr(&byte_[begin], byte, end - begin);
  return found == nullptr ? kNone : static_cast<std::uint32_t>(static_cast<const unsigned char*>(found) - byte_.data());
}

std::optional<PrefixTrie::Match> PrefixTrie::longest(std::string_view text) const {
  std::optional<Match> found;
  for_each_prefix(text, [&](const Match& match) { found = match; });
  return found;
}

}  // namespace sixfold::tokenizer
