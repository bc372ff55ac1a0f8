// Terminal facts and the progress line.
#include "cli/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "core/clock.h"

namespace sixfold::cli {
namespace {

constexpr std::int64_t kRedrawMs = 100;

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(system_clock().now().time_since_epoch()).count();
}

}  // namespace

bool stdin_is_terminal() {
  return isatty(STDIN_FILENO) == 1;
}
bool stdout_is_terminal() {
  return isatty(STDOUT_FILENO) == 1;
}
bool stderr_is_terminal() {
  return isatty(STDERR_FILENO) == 1;
}

Style stderr_style() {
  const char* no_color = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe): nobody calls setenv
  if (!stderr_is_terminal() || (no_color != nullptr && *no_color != '\0')) return {};
  return {"\033[1m", "\033[2m", "\033[0m"};
}

ProgressLine::ProgressLine(std::string what) : what_(std::move(what)), start_ms_(now_ms()) {}

ProgressLine::~ProgressLine() {
  clear();
}

void ProgressLine::clear() {
  if (std::exchange(is_drawn_, false)) std::fputs("\r\033[K", stderr);
}

void ProgressLine::update(std::uint64_t done, std::uint64_t total, std::string_view note) {
  if (!stderr_is_terminal() || total == 0) return;
  const std::int64_t now = now_ms();
  if (now - drawn_ms_ < kRedrawMs) return;
  drawn_ms_ = now;
  is_drawn_ = true;
  const double share = static_cast<double>(done) / static_cast<double>(total);
  const double elapsed_s = static_cast<double>(now - start_ms_) / 1000;
  const double left_s = share > 0 ? elapsed_s * (1 - share) / share : 0;
  fmt::print(stderr, "\r\033[K{} {:3.0f} %  {:.0f} s left  {}", what_, share * 100, left_s, note);
  std::fflush(stderr);
}

std::string human_bytes(std::uint64_t bytes) {
  static constexpr std::array<const char*, 5> kUnits = {"B", "kB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1000 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", value, unit < 2 || value >= 100 ? 0 : (value >= 10 ? 1 : 2), kUnits[unit]);
}

std::string human_count(std::uint64_t count) {
  const auto value = static_cast<double>(count);
  if (value >= 1e9) return fmt::format("{:.2f} B", value / 1e9);
  if (value >= 1e6) return fmt::format("{:.1f} M", value / 1e6);
  if (value >= 1e3) return fmt::format("{:.0f} k", value / 1e3);
  return fmt::format("{}", count);
}

}  // namespace sixfold::cli
