// Finds markers in text that comes byte by byte, and holds back what may be the beginning of one.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sixfold::service {

// One thread.  No marker may be the beginning of another.
class MarkerScan {
 public:
  explicit MarkerScan(std::vector<std::string_view> markers) : markers_(std::move(markers)) {}

  // Takes a byte.  Appends to `text` what is now known to be outside of every marker.  Returns the marker that this
  // byte completes, or nothing.
  std::string_view take(char byte, std::string& text);

  // Appends what is held back: nothing follows.
  void finish(std::string& text);

 private:
  const std::vector<std::string_view> markers_;
  std::string held_;  // the beginning of at least one marker
};

}  // namespace sixfold::service
