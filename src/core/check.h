// SIXFOLD_CHECK: stops the program on a mistake of our own.  Never reachable from a file, a peer or a user.
#pragma once

namespace sixfold::internal {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}  // namespace sixfold::internal

#define SIXFOLD_CHECK(condition)                                                         \
  do {                                                                                   \
    if (!(condition)) ::sixfold::internal::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)
