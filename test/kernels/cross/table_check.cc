// Runs the kernel checks on the NEON table without a test framework, so that it can be built for another machine.
// Prints what is wrong; exit status 1 if anything is.
#include <cstdio>
#include <string>

#include "kernels/kernel_checks.h"

namespace sixfold::kernels {
extern const KernelTable neon_kernels;
}  // namespace sixfold::kernels

int main() {
  int failures = 0;
  for (const auto& check : sixfold::kernels::checks::kVectorChecks) {
    const std::string wrong = check.run(sixfold::kernels::neon_kernels);
    std::printf("%s: %s\n", check.name, wrong.empty() ? "ok" : wrong.c_str());
    failures += wrong.empty() ? 0 : 1;
  }
  return failures == 0 ? 0 : 1;
}
