// Pages are counted right, found again by their tokens, and forgotten oldest first.
#include "engine/page_cache.h"

#include <gtest/gtest.h>

#include <deque>

#include "engine/random.h"

namespace sixfold::engine {
namespace {

using Tokens = std::vector<TokenId>;

// Takes and remembers pages of two tokens for all of `tokens`; the caller holds the result.
std::vector<PageId> fill(PageCache& cache, const Tokens& tokens) {
  std::vector<PageId> pages = cache.find(tokens);
  while (pages.size() * 2 < tokens.size()) {
    const std::optional<PageId> before = pages.empty() ? std::nullopt : std::optional(pages.back());
    pages.push_back(cache.remember(before, std::span(tokens).subspan(pages.size() * 2, 2), cache.acquire().value()));
  }
  return pages;
}

TEST(PageCache, finds_what_was_remembered_and_nothing_else) {
  PageCache cache(8, 2, true);
  std::vector<PageId> pages = fill(cache, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(cache.used(), 3u);
  cache.release_all(pages);
  EXPECT_EQ(cache.used(), 0u);
  EXPECT_EQ(cache.cached(), 3u);
  EXPECT_EQ(cache.find(Tokens{1, 2, 3, 5, 5, 6}).size(), 1u);
  EXPECT_EQ(cache.find(Tokens{3, 4, 5, 6}).size(), 0u) << "the same tokens behind another beginning";
  EXPECT_EQ(cache.find(Tokens{1, 2, 3}).size(), 1u);
  EXPECT_EQ(cache.find(Tokens{1, 2, 3, 4, 5, 6, 7, 8}).size(), 3u);
}

TEST(PageCache, an_equal_page_is_taken_instead_of_ones_own) {
  PageCache cache(8, 2, true);
  const Tokens tokens = {1, 2};
  const PageId first = cache.remember(std::nullopt, tokens, cache.acquire().value());
  const PageId own = cache.acquire().value();
  EXPECT_EQ(cache.remember(std::nullopt, tokens, own), first);
  EXPECT_EQ(cache.holders(first), 2u);
  EXPECT_EQ(cache.used(), 1u);
}

TEST(PageCache, forgets_the_least_recently_released_first_and_ends_before_beginnings) {
  PageCache cache(4, 2, true);
  std::vector<PageId> old = fill(cache, {1, 2, 3, 4});
  std::vector<PageId> young = fill(cache, {5, 6, 7, 8});
  cache.release_all(old);
  cache.release_all(young);
  cache.acquire();
  std::vector<PageId> left = cache.find(Tokens{1, 2, 3, 4});
  EXPECT_EQ(left.size(), 1u) << "the end of the old one is gone, its beginning is not";
  cache.release_all(left);  // now the youngest
  cache.acquire();
  EXPECT_EQ(cache.find(Tokens{5, 6, 7, 8}).size(), 1u);
  EXPECT_EQ(cache.find(Tokens{1, 2}).size(), 1u);
}

TEST(PageCache, used_pages_are_never_given_out) {
  PageCache cache(3, 2, true);
  std::vector<PageId> pages = fill(cache, {1, 2, 3, 4});
  EXPECT_TRUE(cache.acquire().has_value());
  EXPECT_FALSE(cache.acquire().has_value());
  cache.release(pages.back());
  EXPECT_EQ(cache.acquire(), pages.back());
}

TEST(PageCache, remembers_nothing_when_told_so) {
  PageCache cache(4, 2, false);
  std::vector<PageId> pages = {cache.acquire().value()};
  EXPECT_EQ(cache.remember(std::nullopt, Tokens{1, 2}, pages[0]), pages[0]);
  cache.release_all(pages);
  EXPECT_EQ(cache.cached(), 0u);
  EXPECT_TRUE(cache.find(Tokens{1, 2}).empty());
}

TEST(PageCache, random_use_keeps_every_page_accounted_for) {
  PageCache cache(24, 2, true);
  std::deque<std::vector<PageId>> held;
  for (std::uint64_t step = 0; step < 20000; ++step) {
    if (splitmix64(1, step) % 2 == 0 && cache.available() >= 5) {
      Tokens tokens;
      for (std::uint64_t index = 0; index < 2 * (1 + splitmix64(2, step) % 5); ++index) {
        tokens.push_back(static_cast<TokenId>(splitmix64(step, index) % 2));
      }
      held.push_back(fill(cache, tokens));
    } else if (!held.empty()) {
      const std::size_t index = splitmix64(3, step) % held.size();
      cache.release_all(held[index]);
      held.erase(held.begin() + static_cast<std::ptrdiff_t>(index));
    }
    std::vector<std::uint32_t> holders(cache.total());
    std::size_t used = 0;
    for (const auto& pages : held) {
      for (const PageId page : pages) used += holders[page]++ == 0 ? 1 : 0;
    }
    ASSERT_EQ(cache.used(), used);
    for (PageId page = 0; page < holders.size(); ++page) ASSERT_EQ(cache.holders(page), holders[page]);
  }
  while (!held.empty()) {
    cache.release_all(held.back());
    held.pop_back();
  }
  // Everything can be had again, each page once.
  std::vector<bool> is_seen(cache.total());
  for (std::size_t count = 0; count < cache.total(); ++count) {
    const PageId page = cache.acquire().value();
    EXPECT_FALSE(is_seen[page]);
    is_seen[page] = true;
  }
  EXPECT_FALSE(cache.acquire().has_value());
  EXPECT_EQ(cache.cached(), 0u);
}

TEST(PageCache, never_shares_pages_of_different_origins) {
  PageCache cache(6, 2, true);
  const PageOrigin origins[] = {
      {}, {.adapter = 1, .scale = 1}, {.adapter = 1, .scale = 0.5F}, {.adapter = 2, .scale = 1}};
  std::vector<PageId> held;
  for (const PageOrigin& origin : origins) {
    EXPECT_TRUE(cache.find(Tokens{1, 2}, origin).empty());
    held.push_back(cache.remember(std::nullopt, Tokens{1, 2}, cache.acquire().value(), origin));
  }
  for (std::size_t i = 0; i < held.size(); ++i) {
    EXPECT_EQ(cache.find(Tokens{1, 2}, origins[i]), std::vector<PageId>{held[i]});
    cache.release(held[i]);
    cache.release(held[i]);
  }
  // Forgotten one by one, each from its own tree.
  std::vector<PageId> taken;
  while (const auto page = cache.acquire()) taken.push_back(*page);
  EXPECT_EQ(taken.size(), 6U);
  for (const PageOrigin& origin : origins) EXPECT_TRUE(cache.find(Tokens{1, 2}, origin).empty());
}

}  // namespace
}  // namespace sixfold::engine
