// Worker threads that wait at gates: a counter each, spun on briefly and then slept on.
#include "kernels/worker_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "core/check.h"
#include "core/log.h"
#include "kernels/cpu_quota.h"

namespace sixfold::kernels {
namespace {

// A forward pass enters the pool every few tens of microseconds; waking a sleeper costs about as much.
constexpr std::chrono::microseconds kSpin{50};
// With more workers than cores a spinning thread holds up the one it waits for.
constexpr std::chrono::microseconds kSpinOversubscribed{1};

inline void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// A number that goes up, and threads that wait until it has left a value.  Thread-safe.
// Sleeping uses a mutex and a condition variable; `sleepers_` keeps opening the gate free of both when nobody sleeps.
// No wake-up is lost: a waiter counts itself before it looks at the number for the last time, and the opener moves the
// number before it looks at the count (both sequentially consistent).
class Gate {
 public:
  std::uint32_t value() const { return value_.load(std::memory_order_acquire); }

  void open() {
    value_.fetch_add(1, std::memory_order_seq_cst);
    if (sleepers_.load(std::memory_order_seq_cst) == 0) return;
    { const std::lock_guard lock(mutex_); }
    moved_.notify_all();
  }

  void wait_while(std::uint32_t old, std::chrono::microseconds spin) {
    if (has_left(old, spin)) return;
    std::unique_lock lock(mutex_);
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    moved_.wait(lock, [&] { return value_.load(std::memory_order_seq_cst) != old; });
    sleepers_.fetch_sub(1, std::memory_order_seq_cst);
  }

 private:
  // Spins for at most `spin`.
  bool has_left(std::uint32_t old, std::chrono::microseconds spin) const {
    constexpr int kPausesPerLook = 16;  // at the clock, which costs about as much as that many pauses
    if (value() != old) return true;
    const auto deadline = std::chrono::steady_clock::now() + spin;
    do {
      for (int pause = 0; pause < kPausesPerLook; ++pause) {
        if (value() != old) return true;
        pause_briefly();
      }
    } while (std::chrono::steady_clock::now() < deadline);
    return false;
  }

  alignas(64) std::atomic<std::uint32_t> value_{0};
  std::atomic<std::uint32_t> sleepers_{0};
  std::mutex mutex_;
  std::condition_variable moved_;
};

// Opens its gate when everyone has arrived.  Reusable at once: the count is reset before the gate opens.
class Meeting {
 public:
  void arrive(std::uint32_t everyone) {
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 != everyone) return;
    arrived_.store(0, std::memory_order_relaxed);
    gate_.open();
  }

  void arrive_and_wait(std::uint32_t everyone, std::chrono::microseconds spin) {
    const std::uint32_t round = gate_.value();  // cannot move before this thread has arrived
    arrive(everyone);
    gate_.wait_while(round, spin);
  }

 private:
  Gate gate_;
  alignas(64) std::atomic<std::uint32_t> arrived_{0};
};

}  // namespace

Share share_of(std::size_t count, std::size_t grain, std::size_t worker, std::size_t workers) {
  SIXFOLD_CHECK(grain > 0 && worker < workers);
  const std::size_t grains = count / grain + (count % grain != 0 ? 1 : 0);
  const std::size_t each = grains / workers;
  const std::size_t extra = grains % workers;  // the first `extra` workers get one more
  const std::size_t first = worker * each + std::min(worker, extra);
  const std::size_t last = first + each + (worker < extra ? 1 : 0);
  return {std::min(first * grain, count), std::min(last * grain, count)};
}

struct WorkerPool::State {
  // Constant after construction; the workers read it only after the first `start`.
  std::uint32_t size = 1;
  std::chrono::microseconds spin = kSpin;
  std::vector<std::thread> threads;  // size - 1 of them

  // Written by the caller before it opens `start`; read by the workers after.
  const WorkerBody* body = nullptr;
  bool is_stopping = false;

  Gate start;       // opened once for each run
  Meeting finish;   // at the end of a run; only the caller waits
  Meeting barrier;  // inside a run

  void work(std::size_t worker) {
    for (std::uint32_t run = 0;; ++run) {
      start.wait_while(run, spin);
      if (is_stopping) return;
      (*body)(worker);
      finish.arrive(size);
    }
  }
};

WorkerPool::WorkerPool(std::size_t threads) : state_(std::make_unique<State>()) {
  SIXFOLD_CHECK(threads >= 1);
  State& state = *state_;
  state.spin = threads > usable_cores() ? kSpinOversubscribed : kSpin;
  state.threads.reserve(threads - 1);
  try {
    for (std::size_t worker = 1; worker < threads; ++worker) {
      state.threads.emplace_back([&state, worker] { state.work(worker); });
    }
  } catch (const std::system_error& error) {
    spdlog::warn("worker threads: started {} of {}: {}", state.threads.size() + 1, threads, error.what());
  }
  state.size = static_cast<std::uint32_t>(state.threads.size() + 1);
}

WorkerPool::~WorkerPool() {
  state_->is_stopping = true;
  state_->start.open();
  for (std::thread& thread : state_->threads) thread.join();
}

std::size_t WorkerPool::size() const {
  return state_->size;
}

void WorkerPool::run(WorkerBody body) {
  State& state = *state_;
  if (state.size > 1) {
    state.body = &body;
    state.start.open();
  }
  body(0);
  if (state.size > 1) state.finish.arrive_and_wait(state.size, state.spin);
}

void WorkerPool::barrier() {
  if (state_->size > 1) state_->barrier.arrive_and_wait(state_->size, state_->spin);
}

}  // namespace sixfold::kernels
