// Runs prefill and decode repeatedly, samples the machine's limits in between, and takes medians.
#include "optimize/speed.h"

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "optimize/workload.h"

namespace sixfold::optimize {
namespace {

// Often enough to follow a machine whose bandwidth changes from second to second, seldom enough to cost little.
constexpr double kSampleEverySeconds = 0.25;
// Of the run that is not counted: caches, page faults and clock frequency need no more.
constexpr std::size_t kWarmUpTokens = 512;  // of a prefill
constexpr std::size_t kWarmUpSteps = 8;     // of a decode

// Time that counts, in pieces with a sample of the limits before and after each.
class Stopwatch {
 public:
  Stopwatch(const Clock& clock, const SampleLimits& sample) : clock_(clock), sample_(sample) {
    samples_.push_back(sample_());
    begin_ = clock_.now();
  }

  // After every step.
  void split() {
    if (seconds_between(begin_, clock_.now()) < kSampleEverySeconds) return;
    stop();
    begin_ = clock_.now();
  }

  void stop() {
    seconds_ += seconds_between(begin_, clock_.now());
    samples_.push_back(sample_());
  }

  double seconds() const { return seconds_; }
  const std::vector<LimitSample>& samples() const { return samples_; }

 private:
  const Clock& clock_;
  const SampleLimits& sample_;
  TimePoint begin_;
  double seconds_ = 0;
  std::vector<LimitSample> samples_;
};

// What the counted runs of one row gave.
struct Runs {
  std::vector<double> speeds;  // tokens per second
  std::vector<double> limits;  // the same, as the machine allowed; shorter where a rate is unknown
  std::vector<double> shares;
};

double tokens_of(const SpeedRow& row) {
  return static_cast<double>(row.sequences * row.tokens);
}

// Seconds that `row` takes at the least, averaged over the samples.
std::optional<double> least_seconds(const SpeedRow& row, const std::vector<LimitSample>& samples) {
  double sum = 0;
  for (const LimitSample& sample : samples) {
    if (row.limit != SpeedLimit::kOperations) sum += seconds_for_bytes(row.work, sample);
    if (row.limit == SpeedLimit::kBytes) continue;
    const auto seconds = seconds_for_operations(row.work, sample);
    if (!seconds) return std::nullopt;
    sum += *seconds;
  }
  return sum / static_cast<double>(samples.size());
}

void note_run(const SpeedRow& row, const Stopwatch& watch, Runs& runs) {
  runs.speeds.push_back(tokens_of(row) / watch.seconds());
  if (const auto least = least_seconds(row, watch.samples())) {
    if (*least == 0) return;  // a model without matrices
    runs.limits.push_back(tokens_of(row) / *least);
    runs.shares.push_back(*least / watch.seconds());
  }
}

class Measurement {
 public:
  Measurement(model::Model& model, Workload workload, const Clock& clock, const SampleLimits& sample)
      : model_(model), workload_(std::move(workload)), clock_(clock), sample_(sample) {}

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

  // runs: null for a run that is not counted.
  Status run(const SpeedRow& row, Runs* runs) {
    Stopwatch watch(clock_, sample_);
    if (row.kind == SpeedKind::kPrefill) {
      const std::size_t tokens = runs == nullptr ? std::min(row.tokens, kWarmUpTokens) : row.tokens;
      SIXFOLD_TRY_STATUS(workload_.prefill(0, row.depth, row.depth + tokens));
    } else {
      const std::size_t steps = runs == nullptr ? std::min(row.tokens, kWarmUpSteps) : row.tokens;
      for (std::size_t step = 0; step < steps; ++step) {
        SIXFOLD_TRY_STATUS(workload_.decode(row.sequences, row.depth + step));
        if (step + 1 < steps) watch.split();
      }
    }
    watch.stop();
    samples_.insert(samples_.end(), watch.samples().begin(), watch.samples().end());
    if (runs != nullptr) note_run(row, watch, *runs);
    return ok();
  }

  LimitSample median_sample() const {
    LimitSample middle;
    middle.read_bytes_per_s =
        *median_of([](const LimitSample& sample) { return std::optional(sample.read_bytes_per_s); });
    middle.int8_operations_per_s = median_of([](const LimitSample& sample) { return sample.int8_operations_per_s; });
    middle.bf16_operations_per_s = median_of([](const LimitSample& sample) { return sample.bf16_operations_per_s; });
    middle.f32_operations_per_s = median_of([](const LimitSample& sample) { return sample.f32_operations_per_s; });
    return middle;
  }

 private:
  // Keys and values in bf16 are multiplied as pairs where there is an instruction for it, all others in f32.
  void add_attention(double operations, Work& work) const {
    (workload_.kv_dtype() == kernels::KvDType::kBF16 ? work.bf16_operations : work.f32_operations) += operations;
  }

  template <class Rate>
  std::optional<double> median_of(const Rate& rate_of) const {
    std::vector<double> rates;
    for (const LimitSample& sample : samples_) {
      if (const std::optional<double> rate = rate_of(sample)) rates.push_back(*rate);
    }
    if (rates.empty()) return std::nullopt;
    return spread_of(std::move(rates)).median;
  }

  model::Model& model_;
  Workload workload_;
  const Clock& clock_;
  const SampleLimits& sample_;
  std::vector<LimitSample> samples_;
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

Result<SpeedReport> measure_speed(model::Model& model, const SpeedOptions& options, const Clock& clock,
                                  const SampleLimits& sample_limits,
                                  const std::function<void(std::size_t, std::size_t)>& progress) {
  SIXFOLD_TRY_STATUS(check(model, options));
  const std::size_t sequences = std::max<std::size_t>(1, largest(options.batches));
  const std::size_t tokens = options.depth + std::max(largest(options.prompts), options.generate);
  SIXFOLD_TRY(Workload workload, Workload::make(model, options.kv_dtype, sequences, tokens));
  Measurement measurement(model, std::move(workload), clock, sample_limits);

  SpeedReport report;
  for (const std::size_t prompt : options.prompts) {
    report.rows.push_back(measurement.prefill_row(prompt, options.depth));
  }
  for (const std::size_t batch : options.batches) {
    report.rows.push_back(measurement.decode_row(batch, options.generate, options.depth));
  }
  std::vector<Runs> runs(report.rows.size());
  const std::size_t total = (options.repeat + 1) * runs.size();
  std::size_t done = 0;
  progress(done, total);
  measurement.fill_caches(sequences, options.depth);
  for (std::size_t round = 0; round <= options.repeat; ++round) {
    for (std::size_t i = 0; i < runs.size(); ++i) {
      SIXFOLD_TRY_STATUS(measurement.run(report.rows[i], round == 0 ? nullptr : &runs[i]));
      progress(++done, total);
    }
  }
  for (std::size_t i = 0; i < runs.size(); ++i) {
    report.rows[i].tokens_per_s = spread_of(std::move(runs[i].speeds));
    if (runs[i].limits.empty()) continue;
    report.rows[i].limit_tokens_per_s = spread_of(std::move(runs[i].limits)).median;
    report.rows[i].share = spread_of(std::move(runs[i].shares)).median;
  }
  report.machine = measurement.median_sample();
  return report;
}

}  // namespace sixfold::optimize
