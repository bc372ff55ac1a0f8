// What is held back is short, so a failed match simply drops its first byte and tries again.
#include "service/chat/marker_scan.h"

#include <algorithm>
#include <utility>

namespace sixfold::service {

std::string_view MarkerScan::take(char byte, std::string& text) {
  held_ += byte;
  while (!held_.empty()) {
    const auto found = std::find_if(markers_.begin(), markers_.end(),
                                    [&](std::string_view marker) { return marker.starts_with(held_); });
    if (found != markers_.end()) {
      if (found->size() != held_.size()) return {};
      held_.clear();
      return *found;
    }
    text += held_.front();
    held_.erase(0, 1);
  }
  return {};
}

void MarkerScan::finish(std::string& text) {
  text += std::exchange(held_, {});
}

}  // namespace sixfold::service
