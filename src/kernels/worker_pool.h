// The threads that share one piece of numeric work; the caller is one of them.
#pragma once
#include <cstddef>
#include <memory>
#include <type_traits>

namespace sixfold::kernels {

// [begin, end) of one part of a count.
struct Share {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t size() const { return end - begin; }
};

// A borrowed callable void(size_t task, size_t worker), or void(Share tasks, size_t worker) for one that does several
// that follow each other better together: no allocation, valid only during the call it is passed to.
class TaskBody {
 public:
  template <class F>
  TaskBody(const F& body)  // NOLINT(google-explicit-constructor)
      : object_(&body), call_([](const void* object, Share tasks, std::size_t worker) {
          const F& each = *static_cast<const F*>(object);
          if constexpr (std::is_invocable_v<const F&, Share, std::size_t>) {
            each(tasks, worker);
          } else {
            for (std::size_t task = tasks.begin; task < tasks.end; ++task) each(task, worker);
          }
        }) {}
  void operator()(Share tasks, std::size_t worker) const { call_(object_, tasks, worker); }

 private:
  const void* object_;
  void (*call_)(const void*, Share, std::size_t);
};

// Part `part` of `parts` of [0, count), in multiples of `grain`; the parts cover it exactly.
Share share_of(std::size_t count, std::size_t grain, std::size_t part, std::size_t parts);

// One caller at a time (the engine thread).  Waiting threads spin briefly, then sleep, so that an idle pool costs
// nothing and more threads than cores still make progress.
class WorkerPool {
 public:
  explicit WorkerPool(std::size_t threads);  // threads >= 1, the caller included
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  std::size_t size() const;

  // A parallel region: runs the body once for every task in [0, tasks) and returns when all are done.  worker < size();
  // tasks of one worker follow each other, and the caller is worker 0.  Every worker begins with its own contiguous
  // stretch of tasks, in rising order, and then takes from the far ends of the others' stretches: a part of what is
  // left there at a time, at last single tasks.  So a worker that comes late, or not at all, holds up nothing: only
  // what it has taken is waited for.  The body must not throw, nor enter a region of the same pool.
  void for_tasks(std::size_t tasks, TaskBody body);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Threads to use when nobody says: cores this process may run on (sched_getaffinity), capped by the cgroup CPU quota.
std::size_t default_thread_count();

}  // namespace sixfold::kernels
