// The seam for time: everything that waits or measures takes a Clock, so that tests can turn the hands.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>

namespace sixfold {

using Nanoseconds = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Nanoseconds>;

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;              // monotonic
  virtual std::int64_t unix_seconds() const = 0;  // wall clock, for timestamps in answers
};

// The machine's clock.  Lives for the whole process.
const Clock& system_clock();

// A clock that moves only when told to.  Thread-safe.
class ManualClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint(Nanoseconds(now_ns_.load())); }
  std::int64_t unix_seconds() const override { return 1'700'000'000 + now_ns_.load() / 1'000'000'000; }
  void advance(Nanoseconds step) { now_ns_ += step.count(); }

 private:
  std::atomic<std::int64_t> now_ns_{0};
};

inline double seconds_between(TimePoint from, TimePoint to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace sixfold
