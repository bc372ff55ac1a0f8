// What the machine could do: at one moment, for comparing a model's speed with, and in a survey of its own.
#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "kernels/limit_probe.h"
#include "model/model.h"
#include "optimize/spread.h"

namespace sixfold::optimize {

// Rates of all threads together.  Nothing: the instruction set in use has no such instruction.
struct LimitSample {
  double read_bytes_per_s = 0;
  std::optional<double> int8_operations_per_s;
  std::optional<double> int16_operations_per_s;
  std::optional<double> bf16_operations_per_s;
  std::optional<double> f32_operations_per_s;
};

// What a computation cannot do with less of.
struct Work {
  double bytes = 0;
  double int8_operations = 0;
  double int16_operations = 0;
  double bf16_operations = 0;
  double f32_operations = 0;
};

// Of one forward call over `rows` rows, of which `logit_rows` want logits.  Only matrices: a mixture's experts are
// counted as if every row chose its own at random, attention and the norms not at all.
Work matrix_work(const model::ModelDescription& model, std::size_t rows, std::size_t logit_rows);

// Products and sums of attention, of the layers that see the whole context: of `rows` rows of one sequence whose first
// one sees `seen` positions, each later one another one more.
double attention_operations(const model::ModelDescription& model, std::size_t rows, std::size_t seen);

// Seconds that a machine of these rates needs for the bytes, and for the operations.  Nothing: a rate is unknown.
// Products of bf16 that no instruction makes are made in f32.
double seconds_for_bytes(const Work& work, const LimitSample& machine);
std::optional<double> seconds_for_operations(const Work& work, const LimitSample& machine);

LimitSample sample_limits(kernels::LimitProbe& probe);

struct ThreadLimits {
  std::size_t threads = 0;
  Spread memory_bytes_per_s;
  std::optional<Spread> second_level_bytes_per_s;  // each thread within its own cache
  std::optional<Spread> third_level_bytes_per_s;   // all within one cache
  std::optional<Spread> int8_operations_per_s;
  std::optional<Spread> int16_operations_per_s;
  std::optional<Spread> bf16_operations_per_s;
  std::optional<Spread> f32_operations_per_s;
};

struct SurveyOptions {
  std::size_t threads = 1;
  std::size_t repeat = 5;
  std::size_t memory_bytes = kernels::memory_probe_bytes();  // to read from memory
};

// Measures with 1, 2, 4 ... and all threads.  progress(done, total) is called between.
// Errors: resource_exhausted.
Result<std::vector<ThreadLimits>> survey_limits(const SurveyOptions& options, const Clock& clock,
                                                const std::function<void(std::size_t, std::size_t)>& progress);

}  // namespace sixfold::optimize
