// What a piece of work costs this process: memory that it holds at most.
#pragma once
#include <algorithm>
#include <fstream>
#include <string>

namespace sixfold {

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
