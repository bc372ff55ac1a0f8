// Bytes come often, lines seldom.
#include "deploy/progress_lines.h"

#include <fmt/format.h>

namespace sixfold::deploy {

void ProgressLines::update(std::string_view what, std::uint64_t done, std::uint64_t total) {
  constexpr std::chrono::seconds kBetween{2};
  const auto now = std::chrono::steady_clock::now();
  if (what != what_) {
    what_ = what;
    told_ = now;
  }
  if (now - told_ < kBetween || total == 0) return;
  told_ = now;
  const double share = static_cast<double>(done) / static_cast<double>(total);
  say_(fmt::format("{}: {:.0f} % of {} MB", what, share * 100, total / 1'000'000));
}

}  // namespace sixfold::deploy
