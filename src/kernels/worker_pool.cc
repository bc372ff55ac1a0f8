// Workers take tasks by compare-and-swap and wait for the next region at a gate: a counter, spun on briefly and then
// slept on.
#include "kernels/worker_pool.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <climits>
#include <cstdint>
#include <limits>
#include <optional>
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

constexpr std::size_t kCacheLine = 64;  // bytes

inline void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// A number that goes up, and threads that wait until it has left a value.  Thread-safe.
// Opening takes no lock, so a thread that loses its processor in here holds up nobody, and makes no system call when
// nobody sleeps.  No wake-up is lost: a waiter counts itself before the kernel looks at the number for the last time,
// and the opener moves the number before it looks at the count (both sequentially consistent).
// Source: Linux futex(2).
class Gate {
 public:
  std::uint32_t value() const { return value_.load(std::memory_order_acquire); }

  void open() {
    value_.fetch_add(1, std::memory_order_seq_cst);
    if (sleepers_.load(std::memory_order_seq_cst) != 0) futex(FUTEX_WAKE_PRIVATE, INT_MAX);
  }

  void wait_while(std::uint32_t old, std::chrono::microseconds spin) {
    if (has_left(old, spin)) return;
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    // Returns at once if the number is no longer `old`; early for a signal, hence the loop.
    while (value_.load(std::memory_order_seq_cst) == old) futex(FUTEX_WAIT_PRIVATE, old);
    sleepers_.fetch_sub(1, std::memory_order_relaxed);
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

  void futex(int operation, std::uint32_t argument) {
    static_assert(sizeof(value_) == sizeof(std::uint32_t));
    ::syscall(SYS_futex, &value_, operation, argument, nullptr, nullptr, 0);
  }

  std::atomic<std::uint32_t> value_{0};
  std::atomic<std::uint32_t> sleepers_{0};
};

// The tasks of one worker's stretch that nobody has taken: its owner takes from the front, the others from the back.
// One word, begin in the upper half and end in the lower, so that a task is taken by exactly one compare-and-swap.  A
// swap compares the very state it acts on; that this state may have come back since it was read (another region, the
// same numbers) does no harm, because nothing else was concluded from the earlier reading.
class alignas(kCacheLine) Stretch {
 public:
  static constexpr std::size_t kTasksMax = std::numeric_limits<std::uint32_t>::max();

  // Release: whoever takes one of these tasks sees all that the caller wrote before.  Takers only ever replace the word
  // by compare-and-swap, which continues the release sequence, so it holds for the last task as for the first.
  void publish(Share tasks) { word_.store(pack(tasks), std::memory_order_release); }

  std::optional<std::size_t> take_front() {
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    for (Share tasks = unpack(word); tasks.begin < tasks.end; tasks = unpack(word)) {
      if (swap(word, {tasks.begin + 1, tasks.end})) return tasks.begin;
    }
    return std::nullopt;
  }

  std::optional<std::size_t> take_back() {
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    for (Share tasks = unpack(word); tasks.begin < tasks.end; tasks = unpack(word)) {
      if (swap(word, {tasks.begin, tasks.end - 1})) return tasks.end - 1;
    }
    return std::nullopt;
  }

 private:
  static std::uint64_t pack(Share tasks) { return std::uint64_t{tasks.begin} << 32 | tasks.end; }
  static Share unpack(std::uint64_t word) { return {word >> 32, word & kTasksMax}; }

  bool swap(std::uint64_t& word, Share tasks) {
    return word_.compare_exchange_weak(word, pack(tasks), std::memory_order_acquire, std::memory_order_relaxed);
  }

  std::atomic<std::uint64_t> word_{0};
};

}  // namespace

Share share_of(std::size_t count, std::size_t grain, std::size_t part, std::size_t parts) {
  SIXFOLD_CHECK(grain > 0 && part < parts);
  const std::size_t grains = count / grain + (count % grain != 0 ? 1 : 0);
  const std::size_t each = grains / parts;
  const std::size_t extra = grains % parts;  // the first `extra` parts get one more
  const std::size_t first = part * each + std::min(part, extra);
  const std::size_t last = first + each + (part < extra ? 1 : 0);
  return {std::min(first * grain, count), std::min(last * grain, count)};
}

// What ends a region is that its last task is done, not that anybody has come or gone.  A worker may therefore be
// anywhere when the next region is set up: about to look for tasks, or between two looks.  That is safe because it
// learns everything about a region, down to the body, only after it has taken one of its tasks, and a region whose task
// is taken and not counted as done has not ended.
struct WorkerPool::State {
  explicit State(std::size_t threads_max) : stretches(threads_max) {}

  // Constant after construction; the workers read it only after the first opening of `start`.
  std::size_t size = 1;
  std::chrono::microseconds spin = kSpin;
  std::vector<std::thread> threads;  // size - 1 of them

  std::vector<Stretch> stretches;  // by worker

  // Written by the caller between regions; read by whoever holds a task.  On one cache line with what idle workers
  // look at, so that it arrives with the news.
  alignas(kCacheLine) Gate start;  // opened once for each region
  const TaskBody* body = nullptr;
  std::atomic<bool> is_stopping{false};

  alignas(kCacheLine) std::atomic<std::size_t> unfinished{0};  // tasks
  alignas(kCacheLine) Gate finish;  // opened by a worker that does the last task; only the caller waits
  std::atomic<bool> is_running{false};

  void work(std::size_t worker) {
    for (std::uint32_t seen = 0;;) {
      start.wait_while(seen, spin);
      seen = start.value();  // before looking for tasks: those of a region opened meanwhile are looked for again
      if (is_stopping.load(std::memory_order_relaxed)) return;
      if (take_part(worker)) finish.open();
    }
  }

  // Does tasks until none is left to take.  Returns true if it did the last one that the region waited for.
  bool take_part(std::size_t worker) {
    if (do_tasks(worker, [&] { return stretches[worker].take_front(); })) return true;
    for (std::size_t other = worker + 1; other < worker + size; ++other) {
      Stretch& stretch = stretches[other % size];
      if (do_tasks(worker, [&] { return stretch.take_back(); })) return true;
    }
    return false;
  }

  // Counts the tasks as done in one go, before looking elsewhere.  Release and acquire: the caller, once it knows of
  // the last one, sees the results of all.
  template <class Take>
  bool do_tasks(std::size_t worker, const Take& take) {
    std::size_t done = 0;
    for (std::optional<std::size_t> task = take(); task; task = take()) {
      (*body)(*task, worker);
      ++done;
    }
    return done > 0 && unfinished.fetch_sub(done, std::memory_order_acq_rel) == done;
  }
};

WorkerPool::WorkerPool(std::size_t threads) {
  SIXFOLD_CHECK(threads >= 1);
  state_ = std::make_unique<State>(threads);
  State& state = *state_;
  state.spin = threads > default_thread_count() ? kSpinOversubscribed : kSpin;
  state.threads.reserve(threads - 1);
  try {
    for (std::size_t worker = 1; worker < threads; ++worker) {
      state.threads.emplace_back([&state, worker] { state.work(worker); });
    }
  } catch (const std::system_error& error) {
    spdlog::warn("worker threads: started {} of {}: {}", state.threads.size() + 1, threads, error.what());
  }
  state.size = state.threads.size() + 1;
}

WorkerPool::~WorkerPool() {
  state_->is_stopping.store(true, std::memory_order_relaxed);
  state_->start.open();
  for (std::thread& thread : state_->threads) thread.join();
}

std::size_t WorkerPool::size() const {
  return state_->size;
}

void WorkerPool::for_tasks(std::size_t tasks, TaskBody body) {
  State& state = *state_;
  SIXFOLD_CHECK(tasks <= Stretch::kTasksMax);
  SIXFOLD_CHECK(!state.is_running.load(std::memory_order_relaxed));  // no region inside a region
  if (tasks == 0) return;
  state.is_running.store(true, std::memory_order_relaxed);
  const std::size_t workers = std::min(state.size, tasks);
  if (workers == 1) {
    for (std::size_t task = 0; task < tasks; ++task) body(task, 0);
  } else {
    state.body = &body;
    state.unfinished.store(tasks, std::memory_order_relaxed);
    // Read before the first task can be taken: a worker on its way out of the last region may do them all at once.
    const std::uint32_t before = state.finish.value();
    for (std::size_t worker = 0; worker < workers; ++worker) {
      state.stretches[worker].publish(share_of(tasks, 1, worker, workers));
    }
    state.start.open();
    if (!state.take_part(0)) state.finish.wait_while(before, state.spin);
  }
  state.is_running.store(false, std::memory_order_relaxed);
}

}  // namespace sixfold::kernels
