// Finds the first of several texts in bytes that come one by one.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sixfold::grammar {

// A tree of the texts whose nodes know the longest end that begins a text too (Aho and Corasick,
// doi:10.1145/360825.360855).  Immutable, thread-safe.
class TriggerSearch {
 public:
  // texts: none empty.
  explicit TriggerSearch(const std::vector<std::string>& texts);

  // Places in the search are numbers from 0, where nothing has been read.
  std::size_t places() const { return nodes_.size(); }

  struct Step {
    std::uint32_t place = 0;
    std::optional<std::size_t> found;  // the text that ends with this byte; the longest of several
  };
  Step step(std::uint32_t place, std::uint8_t byte) const;

 private:
  struct TreeNode {
    std::vector<std::pair<std::uint8_t, std::uint32_t>> children;
    std::uint32_t shorter = 0;  // the node of the longest proper end that is in the tree
    std::optional<std::size_t> text;
  };
  std::optional<std::uint32_t> child(std::uint32_t node, std::uint8_t byte) const;

  std::vector<TreeNode> nodes_;
};

}  // namespace sixfold::grammar
