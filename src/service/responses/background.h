// Answers that go on without a client that waits for them.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/result.h"
#include "core/thread_annotations.h"
#include "service/backend.h"

namespace sixfold::service {

// Thread-safe.
class BackgroundRuns {
 public:
  BackgroundRuns() = default;
  BackgroundRuns(const BackgroundRuns&) = delete;
  BackgroundRuns& operator=(const BackgroundRuns&) = delete;
  ~BackgroundRuns();  // cancels and waits

  // Calls `run` on a thread of its own; it reads the generation to its end.
  // Errors: resource_exhausted when too many run; then the generation is cancelled.
  Status start(std::string id, std::shared_ptr<Generation> generation, std::function<void(Generation& generation)> run);

  // The run ends at its next token.  False when none of that id runs.
  bool cancel(const std::string& id);

 private:
  struct Run {
    std::string id;
    std::shared_ptr<Generation> generation;
    std::shared_ptr<std::atomic<bool>> is_done;
    std::thread thread;
  };

  std::mutex mutex_;
  std::vector<Run> runs_ SIXFOLD_GUARDED_BY(mutex_);
};

}  // namespace sixfold::service
