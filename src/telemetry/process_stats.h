// What Linux says about this process.  Every value may be missing: containers and hardened services hide files.
#pragma once
#include <optional>
#include <string>

namespace sixfold::telemetry {

struct ProcessStats {
  std::optional<double> cpu_seconds;  // user and system
  std::optional<double> resident_bytes;
  std::optional<double> virtual_bytes;
  std::optional<double> threads;
  std::optional<double> start_time_seconds;  // since 1970
  std::optional<double> open_fds;
  std::optional<double> max_fds;
};

// Reads `proc`/self and `proc`/stat.  Never fails: what cannot be read is left out.
ProcessStats read_process_stats(const std::string& proc = "/proc");

}  // namespace sixfold::telemetry
