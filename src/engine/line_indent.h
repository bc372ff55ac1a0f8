// Ends a text before the first later line that is indented too little: code that is filled in, for editors.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace sixfold::engine {

// One sequence.  One thread.  The result does not depend on how the text was cut.
class LineIndent {
 public:
  // least: spaces and tabs with which every line but the first begins; 0: there is no such rule.
  explicit LineIndent(std::size_t least) : least_(least) {}

  // The next part of the text; returns what is sure to belong to it.
  std::string push(std::string_view text);
  // A line was indented too little; it and the line end before it are left out.
  bool is_ended() const { return is_ended_; }
  // The end: what was held back.
  std::string flush();

 private:
  const std::size_t least_;
  std::string held_;  // a line end, and the spaces and tabs behind it
  bool is_ended_ = false;
};

}  // namespace sixfold::engine
