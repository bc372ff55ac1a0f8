// Who owns each page of keys and values: running sequences by count, and a radix tree that remembers full pages by the
// tokens that made them, so that prompts with a common beginning share it.
#pragma once
#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "engine/request.h"
#include "model/kv_pages.h"

namespace sixfold::engine {

using model::PageId;

// What else than its tokens made a page.  Pages of different origins are never shared.
struct PageOrigin {
  std::uint64_t adapter = 0;  // 0 = none
  float scale = 0;            // of the adapter; a number
  auto operator<=>(const PageOrigin&) const = default;
};

// A node of the tree is a page; its key is (the page before it, the tokens in it), compared in full: no hash decides
// whether two prompts are the same.  A sequence that holds a remembered page holds all the pages before it too, so a
// page that nobody holds has only such pages behind it, and the least recently released one is always a leaf.
// Every page is free, used (held by a sequence) or cached (remembered, held by nobody): free + used + cached = total.
// One thread: the engine's.  Idea of sharing by tree: arXiv:2312.07104; of paged keys and values: arXiv:2309.06180.
class PageCache {
 public:
  // remembers: false turns the tree off.
  PageCache(std::size_t pages, std::size_t page_tokens, bool remembers);

  // A page that the caller holds; a free one, else the least recently used cached one, which is forgotten.
  // Nothing when every page is used.
  std::optional<PageId> acquire();
  void hold(PageId page);     // one more holder; the page is held already
  void release(PageId page);  // one holder less; remembered pages stay as cached, others become free
  // Releases a sequence's pages, last first, and empties the list.
  void release_all(std::vector<PageId>& pages);

  // The remembered pages that begin with `tokens`, each held for the caller.
  std::vector<PageId> find(std::span<const TokenId> tokens, const PageOrigin& origin = {});

  // Remembers `page`, which the caller holds and which holds the keys and values of exactly these page_tokens tokens,
  // behind the remembered page `before` (nothing: at the beginning).  When an equal page is remembered already, that
  // one is held instead and `page` is released.  origin: that of the page before, too.  Returns the page that the
  // caller holds now.
  PageId remember(std::optional<PageId> before, std::span<const TokenId> tokens, PageId page,
                  const PageOrigin& origin = {});

  bool remembers() const { return remembers_; }
  std::size_t total() const { return nodes_.size(); }
  std::size_t used() const { return total() - available(); }
  std::size_t cached() const { return unused_.size(); }
  std::size_t available() const { return free_.size() + unused_.size(); }  // what acquire() can still give out
  std::uint32_t holders(PageId page) const { return nodes_[page].holders; }

 private:
  using Children = std::map<std::vector<TokenId>, PageId>;
  struct Node {
    std::uint32_t holders = 0;
    bool is_remembered = false;
    std::optional<PageId> before;
    PageOrigin origin;
    Children children;
    Children::iterator place;            // in the parent's children, while remembered
    std::list<PageId>::iterator unused;  // in unused_, while remembered and not held
  };

  Children& children_of(std::optional<PageId> page, const PageOrigin& origin) {
    return page ? nodes_[*page].children : roots_[origin];
  }
  void take_from_unused(PageId page);
  PageId forget_oldest();

  const std::size_t page_tokens_;
  const bool remembers_;
  std::vector<Node> nodes_;               // index = page
  std::map<PageOrigin, Children> roots_;  // none is empty
  std::vector<PageId> free_;
  std::list<PageId> unused_;  // remembered, held by nobody; least recently released first
};

}  // namespace sixfold::engine
