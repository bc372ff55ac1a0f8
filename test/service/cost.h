// What a piece of work costs this process: time that it computes, and memory that it holds at most.
#pragma once
#include <algorithm>
#include <ctime>
#include <fstream>
#include <string>

namespace sixfold {

// Seconds that this process has computed so far.  A test that is halted, or waits for a busy machine, does not count.
inline double computed_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

// The most memory since reset(), beyond what there was then.
class PeakMemory {
 public:
  // False where the kernel does not let the peak be reset.
  bool reset() {
    std::ofstream("/proc/self/clear_refs") << "5";
    before_ = field("VmRSS:");
    return field("VmHWM:") <= before_ + (4 << 10);
  }
  long mebibytes() const { return std::max(0L, field("VmHWM:") - before_) / 1024; }

 private:
  static long field(const std::string& wanted) {
    std::ifstream file("/proc/self/status");
    long kibibytes = 0;
    for (std::string name; file >> name;) {
      if (name == wanted && file >> kibibytes) break;
      file.ignore(1 << 20, '\n');
    }
    return kibibytes;
  }

  long before_ = 0;
};

}  // namespace sixfold
