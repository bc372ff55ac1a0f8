// How large the caches of this machine are.
#pragma once
#include <cstddef>
#include <string>

namespace sixfold::kernels {

// Bytes of one data cache of this level (1, 2 or 3), as the first processor has it; 0 where the system does not say.
// root: "" in life, a folder with sys/ in tests.
// Source: Linux Documentation/ABI/testing/sysfs-devices-system-cpu.
std::size_t cache_bytes(std::size_t level, const std::string& root = "");

}  // namespace sixfold::kernels
