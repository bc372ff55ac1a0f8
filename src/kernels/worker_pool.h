// The threads that share one piece of numeric work; the caller is one of them.
#pragma once
#include <cstddef>
#include <memory>

namespace sixfold::kernels {

// A borrowed callable void(size_t worker): no allocation, valid only during the call it is passed to.
class WorkerBody {
 public:
  template <class F>
  WorkerBody(const F& body)  // NOLINT(google-explicit-constructor)
      : object_(&body),
        call_([](const void* object, std::size_t worker) { (*static_cast<const F*>(object))(worker); }) {}
  void operator()(std::size_t worker) const { call_(object_, worker); }

 private:
  const void* object_;
  void (*call_)(const void*, std::size_t);
};

// [begin, end) of one worker's share.
struct Share {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Worker `worker` of `workers` gets this part of [0, count), in multiples of `grain`; the parts cover it exactly.
Share share_of(std::size_t count, std::size_t grain, std::size_t worker, std::size_t workers);

// One caller at a time (the engine thread).  Waiting threads spin briefly, then sleep, so that an idle pool costs
// nothing and more threads than cores still make progress.
class WorkerPool {
 public:
  explicit WorkerPool(std::size_t threads);  // threads >= 1, the caller included
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  std::size_t size() const;

  // Runs body(worker) once for every worker in [0, size()), body(0) on the calling thread; returns when all are done.
  void run(WorkerBody body);

  // Inside run: returns when every worker has called it.
  void barrier();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Threads to use when nobody says: cores this process may run on (sched_getaffinity), capped by the cgroup CPU quota.
std::size_t default_thread_count();

}  // namespace sixfold::kernels
