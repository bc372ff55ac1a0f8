// A thread for each run, which sleeps until there is a token: there are few, and a blocking read is the simplest
// reader.
#include "service/responses/background.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "service/limits.h"

namespace sixfold::service {

BackgroundRuns::~BackgroundRuns() {
  std::vector<Run> runs;
  {
    const std::lock_guard lock(mutex_);
    runs.swap(runs_);
  }
  for (const Run& run : runs) run.generation->cancel();
  for (Run& run : runs) run.thread.join();
}

Status BackgroundRuns::start(std::string id, std::shared_ptr<Generation> generation,
                             std::function<void(Generation& generation)> run) {
  const std::lock_guard lock(mutex_);
  std::erase_if(runs_, [](Run& earlier) {
    if (!*earlier.is_done) return false;
    earlier.thread.join();
    return true;
  });
  if (runs_.size() >= limits::kBackgroundRunsMax) {
    generation->cancel();
    return resource_exhausted("background: {} responses are running already", runs_.size());
  }
  auto is_done = std::make_shared<std::atomic<bool>>(false);
  std::thread thread([generation, is_done, run = std::move(run)] {
    run(*generation);
    *is_done = true;
  });
  runs_.push_back({std::move(id), std::move(generation), std::move(is_done), std::move(thread)});
  return ok();
}

bool BackgroundRuns::cancel(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(runs_.begin(), runs_.end(), [&](const Run& run) { return run.id == id; });
  if (found == runs_.end() || *found->is_done) return false;
  found->generation->cancel();
  return true;
}

}  // namespace sixfold::service
