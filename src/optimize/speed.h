// How fast a model runs here: prefill and decode tokens per second, measured on the model itself, without engine or
// server, each beside what the machine allows in the same seconds.
#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "model/model.h"
#include "optimize/limits.h"
#include "optimize/spread.h"

namespace sixfold::optimize {

struct SpeedOptions {
  std::vector<std::size_t> prompts = {512};  // tokens of one sequence, read at once; none: no prefill
  std::vector<std::size_t> batches = {1};    // sequences decoded side by side; none: no decode
  std::size_t generate = 64;                 // tokens decoded of each sequence, one after another
  std::size_t depth = 0;                     // tokens that every sequence has in its cache before
  std::size_t repeat = 5;                    // counted runs, after one that is not counted
  kernels::KvDType kv_dtype = kernels::KvDType::kF16;
};

enum class SpeedKind { kPrefill, kDecode };

// What bounds a row: a prefill its operations; one sequence's decode the bytes it reads; a batch the sum of both.
enum class SpeedLimit { kOperations, kBytes, kBytesAndOperations };

struct SpeedRow {
  SpeedKind kind = SpeedKind::kPrefill;
  std::size_t sequences = 1;
  std::size_t tokens = 0;  // of each sequence
  std::size_t depth = 0;
  Spread tokens_per_s = {};  // of all sequences together
  SpeedLimit limit = SpeedLimit::kOperations;
  std::optional<double> limit_tokens_per_s = {};  // median over the runs; nothing: a rate of this machine is unknown
  std::optional<double> share = {};               // of the limit, median over the runs
  Work work = {};                                 // of one counted run
};

struct SpeedReport {
  std::vector<SpeedRow> rows;  // prompts, then batches
  LimitSample machine;         // medians over all samples
};

// Called between steps, some times a second; its time does not count.
using SampleLimits = std::function<LimitSample()>;

// Token ids are pseudo-random; what is measured does not depend on them.  Runs of all rows take turns, so that a
// machine that changes its speed meanwhile does so for all.
// Errors: invalid_argument (a count of 0, nothing to measure, more tokens than the model's context), and those of
// forward.  progress(done, total) is called between runs.
Result<SpeedReport> measure_speed(model::Model& model, const SpeedOptions& options, const Clock& clock,
                                  const SampleLimits& sample_limits,
                                  const std::function<void(std::size_t, std::size_t)>& progress);

}  // namespace sixfold::optimize
