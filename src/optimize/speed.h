// How fast a model runs here: prefill and decode tokens per second, measured on the model itself, without engine or
// server.
#pragma once
#include <cstddef>
#include <functional>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "model/model.h"

namespace sixfold::optimize {

struct SpeedOptions {
  std::size_t prompt = 512;   // tokens read at once
  std::size_t generate = 64;  // tokens written one after another
  std::size_t batch = 1;      // sequences decoded side by side
  std::size_t repeat = 5;     // counted runs, after one that is not counted
  kernels::KvDType kv_dtype = kernels::KvDType::kF16;
};

// Tokens per second of the counted runs.
struct Spread {
  double median = 0;
  double smallest = 0;
  double largest = 0;
};
Spread spread_of(std::vector<double> values);  // at least one value

struct SpeedReport {
  Spread prefill_tokens_per_s;  // of one sequence
  Spread decode_tokens_per_s;   // of all sequences together
};

// Token ids are pseudo-random; what is measured does not depend on them.
// Errors: invalid_argument (a count of 0, more tokens than the model's context), and those of forward.
// progress(done, total) is called between runs.
Result<SpeedReport> measure_speed(model::Model& model, const SpeedOptions& options, const Clock& clock,
                                  const std::function<void(std::size_t, std::size_t)>& progress);

}  // namespace sixfold::optimize
