// Reference counts and the tree over the same array of pages; every operation is O(log children) at most per page.
#include "engine/page_cache.h"

#include <utility>

#include "core/check.h"

namespace sixfold::engine {

PageCache::PageCache(std::size_t pages, std::size_t page_tokens, bool remembers)
    : page_tokens_(page_tokens), remembers_(remembers), nodes_(pages) {
  free_.reserve(pages);
  for (std::size_t page = pages; page > 0; --page) free_.push_back(static_cast<PageId>(page - 1));
}

std::optional<PageId> PageCache::acquire() {
  PageId page = 0;
  if (!free_.empty()) {
    page = free_.back();
    free_.pop_back();
  } else if (!unused_.empty()) {
    page = forget_oldest();
  } else {
    return std::nullopt;
  }
  nodes_[page].holders = 1;
  return page;
}

PageId PageCache::forget_oldest() {
  const PageId page = unused_.front();
  Node& node = nodes_[page];
  SIXFOLD_CHECK(node.children.empty());
  unused_.pop_front();
  Children& siblings = children_of(node.before, node.origin);
  siblings.erase(node.place);
  if (!node.before && siblings.empty()) roots_.erase(node.origin);
  node.is_remembered = false;
  node.before.reset();
  return page;
}

void PageCache::hold(PageId page) {
  SIXFOLD_CHECK(nodes_[page].holders > 0);
  ++nodes_[page].holders;
}

void PageCache::take_from_unused(PageId page) {
  Node& node = nodes_[page];
  if (node.holders++ == 0) unused_.erase(node.unused);
}

void PageCache::release(PageId page) {
  Node& node = nodes_[page];
  SIXFOLD_CHECK(node.holders > 0);
  if (--node.holders > 0) return;
  if (node.is_remembered) {
    node.unused = unused_.insert(unused_.end(), page);
  } else {
    free_.push_back(page);
  }
}

void PageCache::release_all(std::vector<PageId>& pages) {
  while (!pages.empty()) {
    release(pages.back());
    pages.pop_back();
  }
}

std::vector<PageId> PageCache::find(std::span<const TokenId> tokens, const PageOrigin& origin) {
  std::vector<PageId> found;
  const auto root = roots_.find(origin);
  if (root == roots_.end()) return found;
  std::vector<TokenId> key;
  const Children* children = &root->second;
  for (; tokens.size() >= page_tokens_; tokens = tokens.subspan(page_tokens_)) {
    key.assign(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(page_tokens_));
    const auto place = children->find(key);
    if (place == children->end()) break;
    take_from_unused(place->second);
    found.push_back(place->second);
    children = &nodes_[place->second].children;
  }
  return found;
}

PageId PageCache::remember(std::optional<PageId> before, std::span<const TokenId> tokens, PageId page,
                           const PageOrigin& origin) {
  if (!remembers_) return page;
  SIXFOLD_CHECK(tokens.size() == page_tokens_);
  Node& node = nodes_[page];
  if (node.is_remembered) return page;
  const auto [place, is_new] = children_of(before, origin).try_emplace({tokens.begin(), tokens.end()}, page);
  if (is_new) {
    node.is_remembered = true;
    node.before = before;
    node.origin = origin;
    node.place = place;
    return page;
  }
  take_from_unused(place->second);
  release(page);
  return place->second;
}

}  // namespace sixfold::engine
