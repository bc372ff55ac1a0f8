// Bytes come often, lines seldom.
#include "deploy/progress_lines.h"

#include <fmt/format.h>

namespace sixfold::deploy {
namespace {

constexpr std::uint64_t kToldBytesMin = std::uint64_t{64} << 20;
constexpr std::uint64_t kTenths = 10;

}  // namespace

void ProgressLines::update(std::string_view what, std::uint64_t done, std::uint64_t total) {
  if (total < kToldBytesMin) return;
  if (what != what_) {
    what_ = what;
    tenths_ = 0;
  }
  const auto tenths = static_cast<std::uint64_t>(static_cast<double>(done) / static_cast<double>(total) * kTenths);
  if (tenths <= tenths_) return;
  tenths_ = tenths;
  say_(fmt::format("{}: {} % of {} MB", what, tenths * 100 / kTenths, total / 1'000'000));
}

}  // namespace sixfold::deploy
