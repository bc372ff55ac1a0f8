// The merge loop against one that does what the definition says, slowly.
#include "tokenizer/merges.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <utility>

namespace sixfold::tokenizer {
namespace {

using Pairs = std::map<std::pair<TokenId, TokenId>, MergeTable::Merge>;

// Merges the pair of the best rank, the leftmost of several, one at a time.
std::vector<TokenId> merge_slowly(const Pairs& pairs, std::vector<TokenId> ids) {
  while (true) {
    std::size_t best = ids.size();
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
      const auto pair = pairs.find({ids[i], ids[i + 1]});
      if (pair == pairs.end()) continue;
      if (best == ids.size() || pair->second.rank < pairs.at({ids[best], ids[best + 1]}).rank) best = i;
    }
    if (best == ids.size()) return ids;
    ids[best] = pairs.at({ids[best], ids[best + 1]}).result;
    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

MergeTable table_of(const Pairs& pairs) {
  MergeTable table(pairs.size());
  for (const auto& [pair, merge] : pairs) table.add(pair.first, pair.second, merge);
  return table;
}

std::vector<TokenId> merge(const MergeTable& table, const std::vector<TokenId>& ids, MergeScratch& scratch) {
  std::vector<Symbol> symbols;
  for (const TokenId id : ids) symbols.push_back({id, static_cast<std::uint32_t>(symbols.size())});
  scratch.merge(table, symbols);
  std::vector<TokenId> merged;
  for (const Symbol& symbol : symbols) merged.push_back(symbol.id);
  return merged;
}

TEST(Merges, equal_the_definition_for_random_tables_and_words) {
  std::mt19937 random(7);
  MergeScratch scratch;
  for (int round = 0; round < 400; ++round) {
    // A few letters and many merges among them; ranks repeat, as SentencePiece's scores may.
    Pairs pairs;
    const auto letters = static_cast<TokenId>(2 + random() % 4);
    TokenId next = letters;
    while (next < letters + 20) {
      const std::pair pair{static_cast<TokenId>(random() % static_cast<unsigned>(next)),
                           static_cast<TokenId>(random() % static_cast<unsigned>(next))};
      pairs.try_emplace(pair, MergeTable::Merge{static_cast<std::uint32_t>(random() % 15), next});
      ++next;
    }
    const MergeTable table = table_of(pairs);
    for (const std::size_t length : {0u, 1u, 2u, 3u, 8u, 31u, 32u, 33u, 34u, 100u, 300u}) {
      std::vector<TokenId> ids(length);
      for (TokenId& id : ids)
        id = static_cast<TokenId>(random() % static_cast<unsigned>(letters + 1)) - (random() % 50 == 0);
      ASSERT_EQ(merge(table, ids, scratch), merge_slowly(pairs, ids)) << round << " " << length;
    }
  }
}

TEST(Merges, symbols_keep_where_they_begin) {
  MergeTable table(1);
  table.add(1, 2, {0, 3});
  for (const std::size_t repeats : {3u, 40u}) {
    std::vector<Symbol> symbols;
    for (std::uint32_t i = 0; i < repeats; ++i) {
      symbols.push_back({1, 2 * i});
      symbols.push_back({2, 2 * i + 1});
    }
    MergeScratch().merge(table, symbols);
    ASSERT_EQ(symbols.size(), repeats);
    for (std::uint32_t i = 0; i < repeats; ++i) {
      EXPECT_EQ(symbols[i].id, 3);
      EXPECT_EQ(symbols[i].begin, 2 * i);
    }
  }
}

TEST(MergeTable, finds_exactly_what_was_added) {
  std::mt19937 random(3);
  Pairs pairs;
  while (pairs.size() < 5000) {
    pairs.try_emplace({static_cast<TokenId>(random() % 300), static_cast<TokenId>(random() % 300)},
                      MergeTable::Merge{static_cast<std::uint32_t>(random()), static_cast<TokenId>(random() % 1000)});
  }
  const MergeTable table = table_of(pairs);
  for (TokenId left = -1; left < 301; ++left) {
    for (TokenId right = -1; right < 301; ++right) {
      const auto pair = pairs.find({left, right});
      const MergeTable::Merge* found = table.find(left, right);
      ASSERT_EQ(found != nullptr, pair != pairs.end());
      if (found != nullptr) {
        ASSERT_EQ(found->result, pair->second.result);
      }
    }
  }
}

TEST(MergeTable, the_first_merge_of_a_pair_stays) {
  MergeTable table(2);
  table.add(1, 2, {5, 7});
  table.add(1, 2, {4, 8});
  EXPECT_EQ(table.find(1, 2)->result, 7);
}

}  // namespace
}  // namespace sixfold::tokenizer
