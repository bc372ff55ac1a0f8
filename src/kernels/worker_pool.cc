// Workers take tasks by compare-and-swap and wait for the next region at a gate: a counter, spun on briefly and then
// slept on.
#include "kernels/worker_pool.h"

#include <linux/futex.h>
#include <sched.h>
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
#include "kernels/crowding.h"

namespace sixfold::kernels {
namespace {

using Clock = std::chrono::steady_clock;

// A forward pass enters the pool every few tens of microseconds; waking a sleeper costs about as much.
constexpr Clock::duration kSpin = std::chrono::microseconds(50);
// With more workers than cores a spinning thread holds up the one it waits for.
constexpr Clock::duration kSpinOversubscribed = std::chrono::microseconds(1);

// A stretch is taken in at least so many parts (see Stretch).
constexpr std::size_t kTakesMin = 4;

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

  // Returns how long it took; 0 if that was too short to look at the clock.
  Clock::duration wait_while(std::uint32_t old, Clock::duration spin) {
    constexpr int kPausesPerLook = 16;  // at the clock, which costs about as much as that many pauses
    if (leaves_soon(old, kPausesPerLook)) return {};
    const Clock::time_point begin = Clock::now();
    for (Clock::time_point now = begin; now - begin < spin; now = Clock::now()) {
      if (leaves_soon(old, kPausesPerLook)) return now - begin;
    }
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    // Returns at once if the number is no longer `old`; early for a signal, hence the loop.
    while (value_.load(std::memory_order_seq_cst) == old) futex(FUTEX_WAIT_PRIVATE, old);
    sleepers_.fetch_sub(1, std::memory_order_relaxed);
    return Clock::now() - begin;
  }

 private:
  bool leaves_soon(std::uint32_t old, int pauses) const {
    for (; value() == old; --pauses) {
      if (pauses == 0) return false;
      pause_briefly();
    }
    return true;
  }

  void futex(int operation, std::uint32_t argument) {
    static_assert(sizeof(value_) == sizeof(std::uint32_t));
    ::syscall(SYS_futex, &value_, operation, argument, nullptr, nullptr, 0);
  }

  std::atomic<std::uint32_t> value_{0};
  std::atomic<std::uint32_t> sleepers_{0};
};

// The tasks of one worker's stretch that nobody has taken: its owner takes from the front, the others from the back.
// One word, begin in the upper half and end in the lower, so that tasks are taken by exactly one compare-and-swap.  A
// swap compares the very state it acts on; that this state may have come back since it was read (another region, the
// same numbers) does no harm, because nothing else was concluded from the earlier reading.
//
// A swap waits until the loads before it are done, and weights that are on their way stop coming: it costs a thread
// that reads memory at full speed 0.7 us.  So half of what is left is taken at once, which ends as evenly as single
// tasks and takes few swaps (one token of a 1B model on two Zen 4 cores: 1.02 to 1.08 times as fast as with 32 single
// tasks for each worker); but at most `most`, so that a slow worker keeps little from the others.
class alignas(kCacheLine) Stretch {
 public:
  static constexpr std::size_t kTasksMax = std::numeric_limits<std::uint32_t>::max();

  // Release: whoever takes one of these tasks sees all that the caller wrote before.  Takers only ever replace the word
  // by compare-and-swap, which continues the release sequence, so it holds for the last task as for the first.
  void publish(Share tasks) { word_.store(pack(tasks), std::memory_order_release); }

  // Nothing if none is left.
  Share take_front(std::size_t most) {
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    for (Share tasks = unpack(word); tasks.begin < tasks.end; tasks = unpack(word)) {
      const std::size_t middle = tasks.begin + part_of(tasks, most);
      if (swap(word, {middle, tasks.end})) return {tasks.begin, middle};
    }
    return {};
  }

  Share take_back(std::size_t most) {
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    for (Share tasks = unpack(word); tasks.begin < tasks.end; tasks = unpack(word)) {
      const std::size_t middle = tasks.end - part_of(tasks, most);
      if (swap(word, {tasks.begin, middle})) return {middle, tasks.end};
    }
    return {};
  }

 private:
  static std::uint64_t pack(Share tasks) { return std::uint64_t{tasks.begin} << 32 | tasks.end; }
  static Share unpack(std::uint64_t word) { return {word >> 32, word & kTasksMax}; }
  static std::size_t part_of(Share tasks, std::size_t most) {
    return std::clamp<std::size_t>(tasks.size() / 2, 1, most);
  }

  bool swap(std::uint64_t& word, Share tasks) {
    return word_.compare_exchange_weak(word, pack(tasks), std::memory_order_acquire, std::memory_order_relaxed);
  }

  std::atomic<std::uint64_t> word_{0};
};

// Sends the calling thread to another processor than the one it shares with the caller of the region.  The kernel would
// do so after tens of milliseconds; until then the two take turns while another processor may be idle.
class Separation {
 public:
  void leave(int processor) {
    const Clock::time_point now = Clock::now();
    if (now - left_ < kPause) return;
    left_ = now;
    cpu_set_t all;
    if (::sched_getaffinity(0, sizeof(all), &all) != 0) return;  // more processors than fit: stay
    cpu_set_t others = all;
    CPU_CLR(processor, &others);
    if (CPU_COUNT(&others) == 0 || ::sched_setaffinity(0, sizeof(others), &others) != 0) return;
    ::sched_setaffinity(0, sizeof(all), &all);  // it has moved; from here on it is free to go anywhere again
  }

 private:
  // Moving costs some ten microseconds, and on a full machine it does not help for long.
  static constexpr Clock::duration kPause = std::chrono::milliseconds(1);

  Clock::time_point left_;
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
  Clock::duration spin = kSpin;
  std::vector<std::thread> threads;  // size - 1 of them

  std::vector<Stretch> stretches;  // by worker

  // Written by the caller between regions; read by whoever holds a task.  On one cache line with what idle workers
  // look at, so that it arrives with the news.
  alignas(kCacheLine) Gate start;  // opened once for each region
  const TaskBody* body = nullptr;
  std::atomic<int> caller_processor{-1};
  std::atomic<std::size_t> most{1};  // tasks taken at once; a hint: who comes late may take as many of the next region
  std::atomic<std::size_t> invited{1};  // workers from this one on sleep; a hint: who comes late may still take tasks
  std::atomic<bool> is_stopping{false};

  alignas(kCacheLine) std::atomic<std::size_t> unfinished{0};  // tasks
  alignas(kCacheLine) Gate finish;  // opened by a worker that does the last task; only the caller waits

  alignas(kCacheLine) Gate recall;  // opened when more workers are invited again

  // The caller's own.
  std::optional<Crowding> crowding;     // from the end of construction on
  std::atomic<bool> is_running{false};  // atomic because a body that breaks the rules may ask from any thread

  void work(std::size_t worker) {
    Separation separation;
    for (std::uint32_t seen = 0;;) {
      start.wait_while(seen, spin);
      seen = start.value();  // before looking for tasks: those of a region opened meanwhile are looked for again
      const std::uint32_t recalled = recall.value();  // before looking whether to wait for it
      if (is_stopping.load(std::memory_order_relaxed)) return;
      if (worker >= invited.load(std::memory_order_relaxed)) {
        recall.wait_while(recalled, Clock::duration{0});
        continue;
      }
      const int processor = ::sched_getcpu();
      if (processor == caller_processor.load(std::memory_order_relaxed)) separation.leave(processor);
      if (take_part(worker).is_last) finish.open();
    }
  }

  struct Part {
    std::size_t done = 0;  // tasks
    bool is_last = false;  // one of them was the one that the region still waited for
  };

  // Does tasks until none is left to take.
  Part take_part(std::size_t worker) {
    Part part;
    do_tasks(worker, part, [&] { return stretches[worker].take_front(most.load(std::memory_order_relaxed)); });
    for (std::size_t other = worker + 1; other < worker + size && !part.is_last; ++other) {
      Stretch& stretch = stretches[other % size];
      do_tasks(worker, part, [&] { return stretch.take_back(most.load(std::memory_order_relaxed)); });
    }
    return part;
  }

  // Counts the tasks as done in one go, before looking elsewhere.  Release and acquire: the caller, once it knows of
  // the last one, sees the results of all.
  template <class Take>
  void do_tasks(std::size_t worker, Part& part, const Take& take) {
    std::size_t done = 0;
    for (Share tasks = take(); tasks.size() != 0; tasks = take()) {
      (*body)(tasks, worker);
      done += tasks.size();
    }
    if (done == 0) return;
    part.done += done;
    part.is_last = unfinished.fetch_sub(done, std::memory_order_acq_rel) == done;
  }

  void invite(std::size_t workers) {
    const std::size_t before = invited.load(std::memory_order_relaxed);
    if (workers == before) return;
    invited.store(workers, std::memory_order_relaxed);
    if (workers > before) recall.open();  // who sees it open sees `invited` too
  }

  void run_alone(std::size_t tasks, const TaskBody& work) { work({0, tasks}, 0); }

  void run(std::size_t tasks, const TaskBody& work) {
    const Clock::time_point begin = Clock::now();
    invite(crowding->workers(begin));
    const std::size_t workers = std::min(invited.load(std::memory_order_relaxed), tasks);
    if (workers == 1) return run_alone(tasks, work);
    body = &work;
    caller_processor.store(::sched_getcpu(), std::memory_order_relaxed);
    most.store(std::max<std::size_t>(1, tasks / workers / kTakesMin), std::memory_order_relaxed);
    unfinished.store(tasks, std::memory_order_relaxed);
    // Read before the first task can be taken: a worker on its way out of the last region may do them all at once.
    const std::uint32_t before = finish.value();
    for (std::size_t worker = 0; worker < workers; ++worker) {
      stretches[worker].publish(share_of(tasks, 1, worker, workers));
    }
    start.open();
    const Part own = take_part(0);
    if (own.is_last) return;
    const Clock::duration waited = finish.wait_while(before, spin);
    if (waited == Clock::duration{0} || own.done == 0) return;
    // What others take last is single tasks, each of which takes as long as one of the caller's, or they have lost
    // their processor.
    const Clock::time_point now = Clock::now();
    const Clock::duration task_time = (now - begin - waited) / own.done;
    if (waited > task_time) crowding->add_stall(now, waited - task_time);
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
  state.invited.store(state.size, std::memory_order_relaxed);
  state.crowding.emplace(state.size);
}

WorkerPool::~WorkerPool() {
  state_->is_stopping.store(true, std::memory_order_relaxed);
  state_->start.open();
  state_->recall.open();
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
  if (state.size == 1 || tasks == 1) {
    state.run_alone(tasks, body);
  } else {
    state.run(tasks, body);
  }
  state.is_running.store(false, std::memory_order_relaxed);
}

}  // namespace sixfold::kernels
