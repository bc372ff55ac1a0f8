// Runs the kernel checks on the NEON table without a test framework or a log, so that it can be built for another
// machine.  Prints what is wrong; exit status 1 if anything is.
#include <cstdio>
#include <string>

#include "kernels/attention_checks.h"
#include "kernels/dispatch.h"
#include "kernels/kernel_checks.h"
#include "kernels/worker_pool.h"

namespace sixfold::kernels {

extern const KernelTable neon_kernels;

// In place of dispatch.cc: the table under test is the active one.
const IsaRow& active_isa_row() {
  static constexpr IsaRow kNeon{"neon", [] { return true; }, &neon_kernels, nullptr, nullptr};
  return kNeon;
}

// In place of worker_pool.cc: one worker.
struct WorkerPool::State {};
WorkerPool::WorkerPool(std::size_t) {}
WorkerPool::~WorkerPool() = default;
std::size_t WorkerPool::size() const {
  return 1;
}
void WorkerPool::for_tasks(std::size_t tasks, TaskBody body) {
  body({0, tasks}, 0);
}

namespace {

int report(const char* name, const std::string& wrong) {
  std::printf("%s: %s\n", name, wrong.empty() ? "ok" : wrong.c_str());
  return wrong.empty() ? 0 : 1;
}

int run_all() {
  int failures = 0;
  for (const auto& check : checks::kVectorChecks) failures += report(check.name, check.run(neon_kernels));
  WorkerPool pool(1);
  failures += report("attention values", checks::check_attention_values(pool, 12));
  failures += report("attention bits", checks::check_attention_bits(pool, 4));
  return failures;
}

}  // namespace
}  // namespace sixfold::kernels

int main() {
  return sixfold::kernels::run_all() == 0 ? 0 : 1;
}
