// How many workers are worth using on a machine that other programs use too.
#pragma once
#include <chrono>
#include <cstddef>

namespace sixfold::kernels {

// A worker that loses its processor in the middle of a task stalls the caller for milliseconds.  When such stalls eat
// too much of the time, fewer workers are faster: each of them then has a processor, and so has the other program.
// Stalls fill a bucket that drains at a fixed share of the passing time.  When it overflows, a quarter of the workers
// is left out; after a pause they are tried again, and the pause doubles as long as that does not go well.
// One thread.
class Crowding {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  // Stalls beyond this share of the time mean a crowd: fewer workers, without stalls, then do as much.
  static constexpr int kShareInverse = 4;
  // A single stall says nothing: this is more than one turn that the scheduler gives to another program.
  static constexpr Duration kBucket = std::chrono::milliseconds(6);
  // A crowd within so short a time after an attempt with more workers is still the same crowd.
  static constexpr Duration kProbation = std::chrono::milliseconds(100);
  static constexpr Duration kPauseMin = std::chrono::milliseconds(20);
  static constexpr Duration kPauseMax = std::chrono::milliseconds(320);

  explicit Crowding(std::size_t workers_max) : workers_max_(workers_max), workers_(workers_max) {}

  // Workers for a parallel region that begins now; at least 1.
  std::size_t workers(TimePoint now) {
    if (workers_ < workers_max_ && now >= retry_) try_more(now);
    return workers_;
  }

  // The caller has waited for `stall` longer than it should have, until now.
  void add_stall(TimePoint now, Duration stall);

 private:
  void try_more(TimePoint now);

  std::size_t workers_max_;
  std::size_t workers_;
  Duration stalled_{0};  // what is in the bucket
  TimePoint drained_;    // when it was last drained
  TimePoint retry_;      // when to use more workers again
  TimePoint tried_;      // when that was last done
  Duration pause_ = kPauseMin;
};

}  // namespace sixfold::kernels
