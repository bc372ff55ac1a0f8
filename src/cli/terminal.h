// What the terminal can do, and a progress line that disappears when it is done.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace sixfold::cli {

bool stdin_is_terminal();
bool stdout_is_terminal();
bool stderr_is_terminal();

// ANSI styling for stderr; empty strings when stderr is no terminal or NO_COLOR is set (https://no-color.org).
struct Style {
  std::string_view bold, dim, reset;
};
Style stderr_style();

// One line on stderr, redrawn at most ten times a second; nothing when stderr is no terminal.
class ProgressLine {
 public:
  explicit ProgressLine(std::string what);
  ~ProgressLine();  // clears the line
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // done of total; `note` stands behind, for example a running value.
  void update(std::uint64_t done, std::uint64_t total, std::string_view note = {});
  void clear();

 private:
  std::string what_;
  std::int64_t start_ms_;
  std::int64_t drawn_ms_ = 0;
  bool is_drawn_ = false;
};

// "1.3 GB", "512 kB": decimal units.
std::string human_bytes(std::uint64_t bytes);
// "1.24 B", "5.5 M".
std::string human_count(std::uint64_t count);

}  // namespace sixfold::cli
