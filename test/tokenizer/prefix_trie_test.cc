// Prefixes that are entries, found in order.
#include "tokenizer/prefix_trie.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

namespace sixfold::tokenizer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<TokenId> prefixes(const PrefixTrie& trie, std::string_view text) {
  std::vector<TokenId> tokens;
  trie.for_each_prefix(text, [&](const PrefixTrie::Match& match) { tokens.push_back(match.token); });
  return tokens;
}

TEST(PrefixTrie, finds_all_prefixes_shortest_first) {
  const PrefixTrie trie({{"abc", 1}, {"a", 2}, {"b", 3}, {"ab", 4}, {"abcdefghijk", 5}, {"\xFF", 6}});
  EXPECT_THAT(prefixes(trie, "abcdefghij"), ElementsAre(2, 4, 1));
  EXPECT_THAT(prefixes(trie, "abcdefghijkl"), ElementsAre(2, 4, 1, 5));
  EXPECT_THAT(prefixes(trie, "\xFF"), ElementsAre(6));
  EXPECT_THAT(prefixes(trie, "cab"), IsEmpty());
  EXPECT_THAT(prefixes(trie, ""), IsEmpty());
  EXPECT_EQ(trie.longest("abd")->token, 4);
  EXPECT_EQ(trie.longest("abd")->bytes, 2u);
  EXPECT_FALSE(trie.longest("x").has_value());
}

TEST(PrefixTrie, the_first_of_equal_entries_counts_and_empty_ones_do_not) {
  const PrefixTrie trie({{"", 9}, {"ab", 1}, {"ab", 2}});
  EXPECT_THAT(prefixes(trie, "ab"), ElementsAre(1));
  EXPECT_FALSE(PrefixTrie().longest("a").has_value());
}

TEST(PrefixTrie, agrees_with_comparing_every_entry) {
  std::mt19937 random(5);
  const auto word = [&](std::size_t bytes_max) {
    std::string text;
    for (auto bytes = random() % bytes_max + 1; bytes > 0; --bytes) text += static_cast<char>("ab\xC3\0"[random() % 4]);
    return text;
  };
  std::vector<std::string> texts;
  for (int i = 0; i < 400; ++i) texts.push_back(word(12));
  std::vector<PrefixTrie::Entry> entries;
  for (const std::string& text : texts) entries.push_back({text, static_cast<TokenId>(entries.size())});
  const PrefixTrie trie(entries);
  for (int round = 0; round < 500; ++round) {
    const std::string text = word(16);
    std::vector<TokenId> wanted;
    for (std::size_t bytes = 1; bytes <= text.size(); ++bytes) {
      for (std::size_t i = 0; i < texts.size(); ++i) {
        if (texts[i] == text.substr(0, bytes)) {
          wanted.push_back(static_cast<TokenId>(i));
          break;
        }
      }
    }
    ASSERT_EQ(prefixes(trie, text), wanted);
  }
}

}  // namespace
}  // namespace sixfold::tokenizer
