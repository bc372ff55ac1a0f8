// Prefill and decode as tasks to be timed.
#include "optimize/speed.h"

#include <algorithm>

#include "core/error.h"
#include "optimize/workload.h"

namespace sixfold::optimize {
namespace {

// Of the run that is not counted: caches, page faults and clock frequency need no more.
constexpr std::size_t kWarmUpTokens = 512;  // of a prefill
constexpr std::size_t kWarmUpSteps = 8;     // of a decode

// Makes the tasks of one model.
class Measurement {
 public:
  Measurement(model::Model& model, Workload workload) : model_(model), workload_(std::move(workload)) {}

  SpeedRow prefill_row(std::size_t tokens, std::size_t depth) const {
    SpeedRow row{.kind = SpeedKind::kPrefill, .sequences = 1, .tokens = tokens, .depth = depth};
    row.limit = SpeedLimit::kOperations;
    row.work = matrix_work(model_.description(), tokens, 1);
    add_attention(attention_operations(model_.description(), tokens, depth + 1), row.work);
    return row;
  }

  SpeedRow decode_row(std::size_t sequences, std::size_t tokens, std::size_t depth) const {
    SpeedRow row{.kind = SpeedKind::kDecode, .sequences = sequences, .tokens = tokens, .depth = depth};
    row.limit = sequences == 1 ? SpeedLimit::kBytes : SpeedLimit::kBytesAndOperations;
    const Work step = matrix_work(model_.description(), sequences, sequences);
    const auto steps = static_cast<double>(tokens);
    row.work = {.bytes = steps * step.bytes,
                .int8_operations = steps * step.int8_operations,
                .int16_operations = steps * step.int16_operations,
                .bf16_operations = steps * step.bf16_operations,
                .f32_operations = steps * step.f32_operations};
    // Step i reads the keys and values of depth + i + 1 tokens.
    const double cached = steps * (static_cast<double>(depth) + (steps + 1) / 2);
    row.work.bytes += static_cast<double>(sequences * workload_.kv_bytes_per_token()) * cached;
    const double operations = attention_operations(model_.description(), tokens, depth + 1);
    add_attention(static_cast<double>(sequences) * operations, row.work);
    return row;
  }

  void fill_caches(std::size_t sequences, std::size_t depth) {
    for (std::size_t sequence = 0; sequence < sequences; ++sequence) workload_.fill(sequence, depth);
  }

  // The object must outlive it.
  SpeedTask task_of(const SpeedRow& row) {
    return {.row = row, .run = [this, row](Stopwatch& watch, bool is_warm_up) { return run(row, watch, is_warm_up); }};
  }

 private:
  // Keys and values in fixed point are multiplied as pairs of 16-bit integers, those in bf16 as pairs where there is an
  // instruction for it, all others in f32.
  void add_attention(double operations, Work& work) const {
    switch (workload_.kv_dtype()) {
      case kernels::KvDType::kI16:
        work.int16_operations += operations;
        break;
      case kernels::KvDType::kBF16:
        work.bf16_operations += operations;
        break;
      case kernels::KvDType::kF16:
      case kernels::KvDType::kF32:
        work.f32_operations += operations;
    }
  }

  Status run(const SpeedRow& row, Stopwatch& watch, bool is_warm_up) {
    if (row.kind == SpeedKind::kPrefill) {
      const std::size_t tokens = is_warm_up ? std::min(row.tokens, kWarmUpTokens) : row.tokens;
      return workload_.prefill(0, row.depth, row.depth + tokens);
    }
    const std::size_t steps = is_warm_up ? std::min(row.tokens, kWarmUpSteps) : row.tokens;
    for (std::size_t step = 0; step < steps; ++step) {
      SIXFOLD_TRY_STATUS(workload_.decode(row.sequences, row.depth + step));
      if (step + 1 < steps) watch.split();
    }
    return ok();
  }

  model::Model& model_;
  Workload workload_;
};

std::size_t largest(const std::vector<std::size_t>& values) {
  return values.empty() ? 0 : *std::max_element(values.begin(), values.end());
}

Status check(const model::Model& model, const SpeedOptions& options) {
  if (options.prompts.empty() && options.batches.empty()) {
    return invalid_argument("bench: nothing to measure: neither a prompt nor a batch");
  }
  const auto has_zero = [](const std::vector<std::size_t>& values) {
    return std::find(values.begin(), values.end(), 0) != values.end();
  };
  if (has_zero(options.prompts) || has_zero(options.batches) || options.repeat == 0 ||
      (options.generate == 0 && !options.batches.empty())) {
    return invalid_argument("bench: prompt, generate, batch and repeat must be at least 1");
  }
  if (largest(options.batches) > model.rows_max()) {
    return invalid_argument("bench: batch: want at most {}, got {}", model.rows_max(), largest(options.batches));
  }
  const std::size_t context = model.description().context_max;
  const std::size_t generate = options.batches.empty() ? 0 : options.generate;
  if (options.depth + std::max(largest(options.prompts), generate) > context) {
    return invalid_argument("bench: depth {} and then prompt {} or generate {} tokens: the model's context is {}",
                            options.depth, largest(options.prompts), generate, context);
  }
  return ok();
}

}  // namespace

Result<SpeedReport> measure_speed(model::Model& model, const SpeedOptions& options, const SpeedClocks& clocks) {
  SIXFOLD_TRY_STATUS(check(model, options));
  const std::size_t sequences = std::max<std::size_t>(1, largest(options.batches));
  const std::size_t tokens = options.depth + std::max(largest(options.prompts), options.generate);
  SIXFOLD_TRY(Workload workload, Workload::make(model, options.kv_dtype, sequences, tokens));
  Measurement measurement(model, std::move(workload));

  std::vector<SpeedTask> tasks;
  for (const std::size_t prompt : options.prompts) {
    tasks.push_back(measurement.task_of(measurement.prefill_row(prompt, options.depth)));
  }
  for (const std::size_t batch : options.batches) {
    tasks.push_back(measurement.task_of(measurement.decode_row(batch, options.generate, options.depth)));
  }
  measurement.fill_caches(sequences, options.depth);
  return time_in_turns(tasks, options.repeat, clocks);
}

}  // namespace sixfold::optimize
