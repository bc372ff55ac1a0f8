// Prints the failed condition and aborts.
#include "core/check.h"

#include <cstdio>
#include <cstdlib>

namespace sixfold::internal {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "sixfold: internal error: %s is false at %s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace sixfold::internal
