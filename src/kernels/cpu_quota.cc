// Reads the affinity mask and the CPU limits of control groups, versions 1 and 2.
#include "kernels/cpu_quota.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <memory>
#include <thread>

#include "core/text_file.h"
#include "kernels/worker_pool.h"

namespace sixfold::kernels {
namespace {

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> quotient(std::optional<double> quota, std::optional<double> period) {
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;  // -1 or "max" is no limit
  return *quota / *period;
}

// cpu.max holds "quota period" or "max period".
std::optional<double> limit_v2(const std::string& folder) {
  const std::string line = first_line(folder + "/cpu.max");
  const std::size_t blank = line.find(' ');
  if (blank == std::string::npos) return std::nullopt;
  return quotient(number(std::string_view(line).substr(0, blank)), number(std::string_view(line).substr(blank + 1)));
}

std::optional<double> limit_v1(const std::string& folder) {
  return quotient(number(first_line(folder + "/cpu.cfs_quota_us")), number(first_line(folder + "/cpu.cfs_period_us")));
}

// The smallest limit of `group` and everything above it.  In a container the group's path may not be visible from
// inside; its own limit then stands at the top of the mount, which is always looked at.
template <class Reader>
std::optional<double> smallest_limit(const std::string& mount, std::string group, Reader reader) {
  std::optional<double> smallest;
  for (;;) {
    if (const auto limit = reader(mount + group)) smallest = std::min(*limit, smallest.value_or(*limit));
    const std::size_t slash = group.rfind('/');
    if (slash == std::string::npos) return smallest;
    group.resize(slash);
  }
}

// True if a comma-separated list of version 1 controllers ("cpu,cpuacct") has cpu.
bool names_cpu(std::string_view controllers) {
  while (!controllers.empty()) {
    const std::size_t comma = std::min(controllers.find(','), controllers.size());
    if (controllers.substr(0, comma) == "cpu") return true;
    controllers.remove_prefix(std::min(comma + 1, controllers.size()));
  }
  return false;
}

}  // namespace

std::size_t usable_cores() {
  // Grows until the kernel is content: machines with more than CPU_SETSIZE processors exist.
  for (int processors = CPU_SETSIZE; processors <= (1 << 20); processors *= 2) {
    const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> set(CPU_ALLOC(static_cast<std::size_t>(processors)),
                                                               [](cpu_set_t* used) { CPU_FREE(used); });
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(processors));
    if (set != nullptr && sched_getaffinity(0, bytes, set.get()) == 0) {
      return static_cast<std::size_t>(std::max(1, CPU_COUNT_S(bytes, set.get())));
    }
  }
  return std::max(1u, std::thread::hardware_concurrency());
}

std::optional<double> cgroup_core_limit(const std::string& root) {
  // Lines of the form hierarchy:controllers:path; version 2 is hierarchy 0 without controllers.
  std::ifstream groups(root + "/proc/self/cgroup");
  std::optional<double> smallest;
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    std::string path = line.substr(second + 1);
    if (path == "/") path.clear();
    std::optional<double> limit;
    if (controllers.empty()) {
      limit = smallest_limit(root + "/sys/fs/cgroup", path, limit_v2);
    } else if (names_cpu(controllers)) {
      limit = smallest_limit(root + "/sys/fs/cgroup/cpu", path, limit_v1);
    }
    if (limit) smallest = std::min(*limit, smallest.value_or(*limit));
  }
  return smallest;
}

std::size_t threads_for(std::size_t cores, std::optional<double> limit) {
  std::size_t threads = std::max<std::size_t>(cores, 1);
  if (limit && *limit < static_cast<double>(threads)) threads = static_cast<std::size_t>(*limit);
  return std::max<std::size_t>(threads, 1);
}

std::size_t default_thread_count() {
  return threads_for(usable_cores(), cgroup_core_limit(""));
}

}  // namespace sixfold::kernels
