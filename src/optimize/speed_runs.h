// Workloads timed in turns, each beside what the machine allows in the same seconds.
#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "optimize/limits.h"
#include "optimize/spread.h"

namespace sixfold::optimize {

enum class SpeedKind { kPrefill, kDecode, kEncode };

// What bounds a row: a prefill or an encoder its operations; one sequence's decode the bytes it reads; a batch the sum
// of both.
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
  std::vector<SpeedRow> rows;
  LimitSample machine;  // medians over all samples
};

// Called between steps, some times a second; its time does not count.
using SampleLimits = std::function<LimitSample()>;

// Time that counts, in pieces with a sample of the limits before and after each.
class Stopwatch {
 public:
  Stopwatch(const Clock& clock, const SampleLimits& sample);

  void split();  // after every step; now and then it ends a piece and begins the next
  void stop();

  double seconds() const { return seconds_; }
  const std::vector<LimitSample>& samples() const { return samples_; }

 private:
  const Clock& clock_;
  const SampleLimits& sample_;
  TimePoint begin_;
  double seconds_ = 0;
  std::vector<LimitSample> samples_;
};

struct SpeedTask {
  SpeedRow row;  // all but what is measured
  // One run, with a split between its steps.  A warm-up may be shorter.
  std::function<Status(Stopwatch& watch, bool is_warm_up)> run;
};

struct SpeedClocks {
  const Clock& clock;
  const SampleLimits& sample_limits;
  const std::function<void(std::size_t done, std::size_t total)>& progress;  // called between runs
};

// Runs of all tasks take turns, so that a machine that changes its speed meanwhile does so for all: one that is not
// counted, then `repeat`.  Errors: the runs'.
Result<SpeedReport> time_in_turns(const std::vector<SpeedTask>& tasks, std::size_t repeat, const SpeedClocks& clocks);

}  // namespace sixfold::optimize
