// How much processor time this process is given.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sixfold::kernels {

// Cores that the scheduler may put this process on (sched_getaffinity); at least 1.
std::size_t usable_cores();

// The cgroup limit in cores (1.5 = one and a half), the smallest of this process's group and those above it; nothing if
// there is none.  root: "" in life, a folder with proc/ and sys/ in tests.
// Source: Linux Documentation/admin-guide/cgroup-v2.rst (cpu.max) and scheduler/sched-bwc.rst (cpu.cfs_quota_us).
std::optional<double> cgroup_core_limit(const std::string& root);

// Threads for `cores` usable cores under `limit`: rounded down, because threads beyond the limit are stopped together
// in mid-work and the others wait for them; at least 1.
std::size_t threads_for(std::size_t cores, std::optional<double> limit);

}  // namespace sixfold::kernels
