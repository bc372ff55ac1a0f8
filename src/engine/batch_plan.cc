// Decode rows first, then prompts in order.
#include "engine/batch_plan.h"

#include <algorithm>

#include "core/check.h"

namespace sixfold::engine {

namespace {

constexpr std::size_t kRowTile = 16;
constexpr std::size_t kFirstChunk = 128;  // while nothing was timed

}  // namespace

std::size_t choose_chunk(std::size_t decoding, const ChunkLimits& limits, const StepTimes& times) {
  if (limits.seconds_max <= 0) return limits.chunk_max;
  if (times.rows_seen_max() == 0) return std::min(kFirstChunk, limits.chunk_max);
  std::size_t chunk = std::min(kRowTile, limits.chunk_max);
  for (std::size_t rows = (decoding + kRowTile) / kRowTile * kRowTile; rows - decoding <= limits.chunk_max;
       rows += kRowTile) {
    if (times.seconds(rows) > limits.seconds_max) break;
    chunk = std::max(chunk, rows - decoding);
  }
  return chunk;
}

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
