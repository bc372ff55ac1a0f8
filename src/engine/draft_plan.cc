// The likeliest guesses first, whoever's they are; then the best place to stop.
#include "engine/draft_plan.h"

#include <algorithm>

namespace sixfold::engine {
namespace {

// Estimates of seconds are a few percent off: a smaller gain than this may be none.
constexpr double kGainMin = 1.05;

}  // namespace

std::vector<std::size_t> plan_drafts(std::span<const std::vector<double>> chances, const DraftLimits& limits,
                                     const StepTimes& times) {
  std::vector<std::size_t> sizes(chances.size(), 0);
  std::vector<std::size_t> best = sizes;
  if (!times.knows(limits.rows)) return best;
  const std::size_t rows_max = std::min(limits.rows + limits.drafts_max, 2 * times.rows_seen_max());
  double tokens = static_cast<double>(limits.rows);
  double best_rate = kGainMin * tokens / times.seconds(limits.rows);
  for (std::size_t rows = limits.rows + 1; rows <= rows_max; ++rows) {
    std::size_t likeliest = chances.size();
    double chance = 0;
    for (std::size_t index = 0; index < chances.size(); ++index) {
      if (sizes[index] >= chances[index].size() || chances[index][sizes[index]] <= chance) continue;
      likeliest = index;
      chance = chances[index][sizes[index]];
    }
    if (likeliest == chances.size()) break;
    ++sizes[likeliest];
    tokens += chance;
    const double rate = tokens / times.seconds(rows);
    if (rate <= best_rate) continue;
    best_rate = rate;
    best = sizes;
  }
  return best;
}

}  // namespace sixfold::engine
