// Takes medians of runs, and of the machine's limits sampled in between.
#include "optimize/speed_runs.h"

#include <utility>

namespace sixfold::optimize {
namespace {

// Often enough to follow a machine whose bandwidth changes from second to second, seldom enough to cost little.
constexpr double kSampleEverySeconds = 0.25;

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

SpeedRow with_medians(SpeedRow row, Runs runs) {
  row.tokens_per_s = spread_of(std::move(runs.speeds));
  if (runs.limits.empty()) return row;
  row.limit_tokens_per_s = spread_of(std::move(runs.limits)).median;
  row.share = spread_of(std::move(runs.shares)).median;
  return row;
}

template <class Rate>
std::optional<double> median_of(const std::vector<LimitSample>& samples, const Rate& rate_of) {
  std::vector<double> rates;
  for (const LimitSample& sample : samples) {
    if (const std::optional<double> rate = rate_of(sample)) rates.push_back(*rate);
  }
  if (rates.empty()) return std::nullopt;
  return spread_of(std::move(rates)).median;
}

LimitSample median_sample(const std::vector<LimitSample>& samples) {
  LimitSample middle;
  middle.read_bytes_per_s =
      *median_of(samples, [](const LimitSample& sample) { return std::optional(sample.read_bytes_per_s); });
  middle.int8_operations_per_s =
      median_of(samples, [](const LimitSample& sample) { return sample.int8_operations_per_s; });
  middle.int16_operations_per_s =
      median_of(samples, [](const LimitSample& sample) { return sample.int16_operations_per_s; });
  middle.bf16_operations_per_s =
      median_of(samples, [](const LimitSample& sample) { return sample.bf16_operations_per_s; });
  middle.f32_operations_per_s =
      median_of(samples, [](const LimitSample& sample) { return sample.f32_operations_per_s; });
  return middle;
}

}  // namespace

Stopwatch::Stopwatch(const Clock& clock, const SampleLimits& sample) : clock_(clock), sample_(sample) {
  samples_.push_back(sample_());
  begin_ = clock_.now();
}

void Stopwatch::split() {
  if (seconds_between(begin_, clock_.now()) < kSampleEverySeconds) return;
  stop();
  begin_ = clock_.now();
}

void Stopwatch::stop() {
  seconds_ += seconds_between(begin_, clock_.now());
  samples_.push_back(sample_());
}

Result<SpeedReport> time_in_turns(const std::vector<SpeedTask>& tasks, std::size_t repeat, const SpeedClocks& clocks) {
  std::vector<Runs> runs(tasks.size());
  std::vector<LimitSample> samples;
  const std::size_t total = (repeat + 1) * tasks.size();
  std::size_t done = 0;
  clocks.progress(done, total);
  for (std::size_t round = 0; round <= repeat; ++round) {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const bool is_warm_up = round == 0;
      Stopwatch watch(clocks.clock, clocks.sample_limits);
      SIXFOLD_TRY_STATUS(tasks[i].run(watch, is_warm_up));
      watch.stop();
      samples.insert(samples.end(), watch.samples().begin(), watch.samples().end());
      if (!is_warm_up) note_run(tasks[i].row, watch, runs[i]);
      clocks.progress(++done, total);
    }
  }
  SpeedReport report;
  for (std::size_t i = 0; i < tasks.size(); ++i) report.rows.push_back(with_medians(tasks[i].row, std::move(runs[i])));
  report.machine = median_sample(samples);
  return report;
}

}  // namespace sixfold::optimize
