// Work against rates, and the survey of one machine.
#include "optimize/limits.h"

#include <cmath>

#include "kernels/cache_size.h"

namespace sixfold::optimize {
namespace {

using kernels::Arithmetic;
using kernels::LimitProbe;

void add(const model::MatrixWork& matrices, double byte_share, double rows, Work& work) {
  work.bytes += byte_share * static_cast<double>(matrices.bytes);
  work.int8_operations += 2 * rows * static_cast<double>(matrices.int8_weights);
  work.int16_operations += 2 * rows * static_cast<double>(matrices.int16_weights);
  work.bf16_operations += 2 * rows * static_cast<double>(matrices.bf16_weights);
  work.f32_operations += 2 * rows * static_cast<double>(matrices.f32_weights);
}

// Adds operations / rate; false if there are some and the rate is unknown.
bool add_seconds(double operations, std::optional<double> rate, double& seconds) {
  if (operations == 0) return true;
  if (!rate) return false;
  seconds += operations / *rate;
  return true;
}

Spread repeat_reading(LimitProbe& probe, std::size_t repeat) {
  std::vector<double> values;
  for (std::size_t i = 0; i < repeat; ++i) values.push_back(probe.read_bytes_per_s());
  return spread_of(std::move(values));
}

std::optional<Spread> repeat_operations(LimitProbe& probe, Arithmetic kind, std::size_t repeat) {
  std::vector<double> values;
  for (std::size_t i = 0; i < repeat; ++i) {
    if (const auto rate = probe.operations_per_s(kind)) values.push_back(*rate);
  }
  if (values.empty()) return std::nullopt;
  return spread_of(std::move(values));
}

// Reading from a quarter of a cache of `bytes` for each of `sharers` threads (others use it too); nothing if the system
// names no such cache.
Result<std::optional<Spread>> cache_limit(kernels::WorkerPool& pool, std::size_t bytes, std::size_t sharers,
                                          std::size_t repeat, const Clock& clock) {
  if (bytes == 0) return std::optional<Spread>();
  SIXFOLD_TRY(LimitProbe probe, LimitProbe::make(pool, bytes / 4 * pool.size() / sharers, clock));
  probe.read_bytes_per_s();  // fills the cache
  return std::optional<Spread>(repeat_reading(probe, repeat));
}

Result<ThreadLimits> limits_of(std::size_t threads, const SurveyOptions& options, const Clock& clock) {
  const std::size_t repeat = options.repeat;
  kernels::WorkerPool pool(threads);
  ThreadLimits limits;
  limits.threads = threads;
  {
    SIXFOLD_TRY(LimitProbe probe, LimitProbe::make(pool, options.memory_bytes, clock));
    limits.memory_bytes_per_s = repeat_reading(probe, repeat);
    limits.int8_operations_per_s = repeat_operations(probe, Arithmetic::kInt8Dot, repeat);
    limits.int16_operations_per_s = repeat_operations(probe, Arithmetic::kInt16Dot, repeat);
    limits.bf16_operations_per_s = repeat_operations(probe, Arithmetic::kBf16Dot, repeat);
    limits.f32_operations_per_s = repeat_operations(probe, Arithmetic::kF32Fma, repeat);
  }
  SIXFOLD_TRY(limits.second_level_bytes_per_s, cache_limit(pool, kernels::cache_bytes(2), 1, repeat, clock));
  SIXFOLD_TRY(limits.third_level_bytes_per_s, cache_limit(pool, kernels::cache_bytes(3), threads, repeat, clock));
  return limits;
}

}  // namespace

Work matrix_work(const model::ModelDescription& model, std::size_t rows, std::size_t logit_rows) {
  Work work;
  const auto count = static_cast<double>(rows);
  add(model.layer_work, 1, count, work);
  if (logit_rows > 0) add(model.output_work, 1, static_cast<double>(logit_rows), work);
  const double share = model.expert_share_a_row;
  if (share > 0) {
    add(model.expert_work, 0, share * count, work);
    work.bytes += static_cast<double>(model.expert_work.bytes) * (1 - std::pow(1 - share, count));
  }
  return work;
}

double attention_operations(const model::ModelDescription& model, std::size_t rows, std::size_t seen) {
  const auto count = static_cast<double>(rows);
  const double keys = count * (static_cast<double>(seen) + (count - 1) / 2);
  return 4 * static_cast<double>(model.attention_width) * keys;  // a product and a sum for the score, two for the value
}

double seconds_for_bytes(const Work& work, const LimitSample& machine) {
  return work.bytes / machine.read_bytes_per_s;
}

std::optional<double> seconds_for_operations(const Work& work, const LimitSample& machine) {
  double seconds = 0;
  const auto bf16_rate = machine.bf16_operations_per_s ? machine.bf16_operations_per_s : machine.f32_operations_per_s;
  if (!add_seconds(work.int8_operations, machine.int8_operations_per_s, seconds) ||
      !add_seconds(work.int16_operations, machine.int16_operations_per_s, seconds) ||
      !add_seconds(work.bf16_operations, bf16_rate, seconds) ||
      !add_seconds(work.f32_operations, machine.f32_operations_per_s, seconds)) {
    return std::nullopt;
  }
  return seconds;
}

LimitSample sample_limits(LimitProbe& probe) {
  LimitSample sample;
  sample.read_bytes_per_s = probe.read_bytes_per_s();
  sample.int8_operations_per_s = probe.operations_per_s(Arithmetic::kInt8Dot);
  sample.int16_operations_per_s = probe.operations_per_s(Arithmetic::kInt16Dot);
  sample.bf16_operations_per_s = probe.operations_per_s(Arithmetic::kBf16Dot);
  sample.f32_operations_per_s = probe.operations_per_s(Arithmetic::kF32Fma);
  return sample;
}

Result<std::vector<ThreadLimits>> survey_limits(const SurveyOptions& options, const Clock& clock,
                                                const std::function<void(std::size_t, std::size_t)>& progress) {
  std::vector<std::size_t> counts;
  for (std::size_t count = 1; count < options.threads; count *= 2) counts.push_back(count);
  counts.push_back(options.threads);
  std::vector<ThreadLimits> survey;
  for (const std::size_t count : counts) {
    progress(survey.size(), counts.size());
    SIXFOLD_TRY(ThreadLimits limits, limits_of(count, options, clock));
    survey.push_back(limits);
  }
  return survey;
}

}  // namespace sixfold::optimize
