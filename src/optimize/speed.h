// How fast a model runs here: prefill and decode tokens per second, measured on the model itself, without engine or
// server, each beside what the machine allows in the same seconds.
#pragma once
#include <cstddef>
#include <functional>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "model/model.h"
#include "optimize/speed_runs.h"

namespace sixfold::optimize {

struct SpeedOptions {
  std::vector<std::size_t> prompts = {512};  // tokens of one sequence, read at once; none: no prefill
  std::vector<std::size_t> batches = {1};    // sequences decoded side by side; none: no decode
  std::size_t generate = 64;                 // tokens decoded of each sequence, one after another
  std::size_t depth = 0;                     // tokens that every sequence has in its cache before
  std::size_t repeat = 5;                    // counted runs, after one that is not counted
  kernels::KvDType kv_dtype = kernels::KvDType::kI16;
};

// Token ids are pseudo-random; what is measured does not depend on them.  Rows: prompts, then batches.
// Errors: invalid_argument (a count of 0, nothing to measure, more tokens than the model's context), and those of
// forward.
Result<SpeedReport> measure_speed(model::Model& model, const SpeedOptions& options, const SpeedClocks& clocks);

}  // namespace sixfold::optimize
