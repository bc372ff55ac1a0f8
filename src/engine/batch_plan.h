// How many tokens of which sequence go into the next forward call.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "engine/step_times.h"

namespace sixfold::engine {

struct PlanLimits {
  std::size_t rows_max = 0;       // of one forward call
  std::size_t prefill_chunk = 0;  // rows of prompts beside decoding sequences
};

struct ChunkLimits {
  std::size_t chunk_max = 0;
  double seconds_max = 0;  // of a step with prompts and decoding sequences; 0 = any
};

// The prompt rows beside `decoding` rows: as many, up to chunk_max, as let the step end within seconds_max by the times
// of earlier steps that had prompts, so that running answers wait no longer than that for their next token.  The rows
// of the step are a multiple of 16 where they can be, which the kernels like best.  At least 1, and at least 16 when
// chunk_max allows it: prompts advance even where that takes too long.
std::size_t choose_chunk(std::size_t decoding, const ChunkLimits& limits, const StepTimes& times);

// Rows left for prompts in a step where `decoding` sequences want one row each: all that the model takes when nobody
// decodes, else at most prefill_chunk, so that a long prompt does not hold up everyone's next token.
std::size_t prefill_room(std::size_t decoding, const PlanLimits& limits);

// pending: per sequence, oldest first, the tokens that are known but not computed, at least 1 each; no more sequences
// than rows_max.  Returns the rows of each, [sequences].  Who has exactly one pending token (decoding, or the end of a
// prompt) gets it; the rest of the room goes to prompts one after another, so that the first to come is the first to
// answer.  Every prompt advances in some step: those before it end.
std::vector<std::size_t> plan_batch(std::span<const std::size_t> pending, const PlanLimits& limits);

}  // namespace sixfold::engine
