// Decode rows first, then prompts in order.
#include "engine/batch_plan.h"

#include <algorithm>

#include "core/check.h"

namespace sixfold::engine {

std::size_t prefill_room(std::size_t decoding, const PlanLimits& limits) {
  if (decoding == 0) return limits.rows_max;
  return std::min(limits.prefill_chunk, limits.rows_max - std::min(decoding, limits.rows_max));
}

std::vector<std::size_t> plan_batch(std::span<const std::size_t> pending, const PlanLimits& limits) {
  SIXFOLD_CHECK(pending.size() <= limits.rows_max);
  const auto decoding = static_cast<std::size_t>(std::count(pending.begin(), pending.end(), std::size_t{1}));
  std::size_t room = prefill_room(decoding, limits);
  std::vector<std::size_t> rows;
  rows.reserve(pending.size());
  for (const std::size_t tokens : pending) {
    if (tokens == 1) {
      rows.push_back(1);
      continue;
    }
    rows.push_back(std::min(tokens, room));
    room -= rows.back();
  }
  return rows;
}

}  // namespace sixfold::engine
