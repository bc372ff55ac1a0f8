// Ctrl-C as a flag, for verbs that stop an answer instead of the program.
#pragma once

namespace sixfold::cli {

// While one lives, SIGINT sets the flag; the handler before it comes back afterwards.  One at a time.
class InterruptFlag {
 public:
  InterruptFlag();
  ~InterruptFlag();
  InterruptFlag(const InterruptFlag&) = delete;
  InterruptFlag& operator=(const InterruptFlag&) = delete;

  static bool is_set();
  static void clear();
};

}  // namespace sixfold::cli
