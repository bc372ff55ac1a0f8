// A line end is held back until the line behind it has shown how it begins.
#include "engine/line_indent.h"

#include <utility>

namespace sixfold::engine {

std::string LineIndent::push(std::string_view text) {
  if (least_ == 0) return std::string(text);
  std::string out;
  for (const char letter : text) {
    if (is_ended_) break;
    if (held_.empty()) {
      (letter == '\n' ? held_ : out) += letter;
    } else if (letter == ' ' || letter == '\t') {
      held_ += letter;
      if (held_.size() > least_) out += std::exchange(held_, {});
    } else {
      is_ended_ = true;
    }
  }
  return out;
}

std::string LineIndent::flush() {
  return is_ended_ ? std::string() : std::exchange(held_, {});
}

}  // namespace sixfold::engine
