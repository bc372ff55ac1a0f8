// How many guesses of which sequence are computed along in the next step: as many as pay.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "engine/step_times.h"

namespace sixfold::engine {

struct DraftLimits {
  std::size_t rows = 0;        // of the step without guesses: one for each sequence
  std::size_t drafts_max = 0;  // guesses of all sequences together
};

// chances: per sequence, the chances that its first, second ... guess is right together with those before it, falling
// (none: nothing to guess).  Returns the guesses to compute for each, [sequences]: those with which the step is
// expected to give the most tokens a second, by the times of earlier steps; none when that is no clear gain, or when no
// step without guesses was timed yet.  Numbers of rows that were never seen are tried in steps of doubling. Cost:
// O(drafts_max * sequences).
std::vector<std::size_t> plan_drafts(std::span<const std::vector<double>> chances, const DraftLimits& limits,
                                     const StepTimes& times);

}  // namespace sixfold::engine
