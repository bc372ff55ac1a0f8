// Built breadth first, so that the shorter ends of a node are ready before it.
#include "grammar/trigger_search.h"

namespace sixfold::grammar {

TriggerSearch::TriggerSearch(const std::vector<std::string>& texts) : nodes_(1) {
  for (std::size_t index = 0; index < texts.size(); ++index) {
    std::uint32_t node = 0;
    for (const char character : texts[index]) {
      const auto byte = static_cast<std::uint8_t>(character);
      if (const auto known = child(node, byte)) {
        node = *known;
        continue;
      }
      const auto added = static_cast<std::uint32_t>(nodes_.size());
      nodes_.emplace_back();
      nodes_[node].children.emplace_back(byte, added);
      node = added;
    }
    if (!nodes_[node].text) nodes_[node].text = index;
  }
  std::vector<std::uint32_t> order = {0};
  for (std::size_t at = 0; at < order.size(); ++at) {
    const std::uint32_t parent = order[at];
    for (const auto& [byte, node] : nodes_[parent].children) {
      order.push_back(node);
      if (parent != 0) nodes_[node].shorter = step(nodes_[parent].shorter, byte).place;
      if (!nodes_[node].text) nodes_[node].text = nodes_[nodes_[node].shorter].text;
    }
  }
}

std::optional<std::uint32_t> TriggerSearch::child(std::uint32_t node, std::uint8_t byte) const {
  for (const auto& [own, target] : nodes_[node].children) {
    if (own == byte) return target;
  }
  return std::nullopt;
}

TriggerSearch::Step TriggerSearch::step(std::uint32_t place, std::uint8_t byte) const {
  while (true) {
    if (const auto next = child(place, byte)) return {*next, nodes_[*next].text};
    if (place == 0) return {};
    place = nodes_[place].shorter;
  }
}

}  // namespace sixfold::grammar
