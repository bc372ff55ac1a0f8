// Asks the processor (x86: cpuid, through the compiler, which also checks that the system saves the registers;
// Arm: the auxiliary vector).  Compiled for the baseline CPU, unlike the kernels themselves.
#include "kernels/cpu_features.h"

#include <fstream>
#include <string_view>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace sixfold::kernels {
namespace {

void append(std::string& names, bool present, std::string_view name) {
  if (!present) return;
  if (!names.empty()) names += ' ';
  names += name;
}

#if defined(__x86_64__)
// Not every compiler's __builtin_cpu_supports knows f16c.  Source: Intel SDM volume 2, CPUID leaf 1.
bool has_f16c() {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & (1u << 29)) != 0;
}
#endif

}  // namespace

#if defined(__x86_64__)

bool cpu_runs_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
}

bool cpu_runs_avx512() {
  return cpu_runs_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vnni");
}

bool cpu_runs_avx512bf16() {
  return cpu_runs_avx512() && __builtin_cpu_supports("avx512bf16");
}

bool cpu_runs_neon() {
  return false;
}

std::string cpu_feature_names() {
  std::string names;
  append(names, __builtin_cpu_supports("avx2"), "avx2");
  append(names, __builtin_cpu_supports("fma"), "fma");
  append(names, has_f16c(), "f16c");
  append(names, __builtin_cpu_supports("avx512f"), "avx512f");
  append(names, __builtin_cpu_supports("avx512bw"), "avx512bw");
  append(names, __builtin_cpu_supports("avx512vl"), "avx512vl");
  append(names, __builtin_cpu_supports("avx512dq"), "avx512dq");
  append(names, __builtin_cpu_supports("avx512vnni"), "avx512vnni");
  append(names, __builtin_cpu_supports("avx512bf16"), "avx512bf16");
  return names;
}

#elif defined(__aarch64__) && defined(__linux__)

bool cpu_runs_avx2() {
  return false;
}

bool cpu_runs_avx512() {
  return false;
}

bool cpu_runs_avx512bf16() {
  return false;
}

bool cpu_runs_neon() {
  const unsigned long wanted = HWCAP_ASIMD | HWCAP_ASIMDHP | HWCAP_ASIMDDP;
  return (getauxval(AT_HWCAP) & wanted) == wanted;
}

std::string cpu_feature_names() {
  const unsigned long hwcap = getauxval(AT_HWCAP);
  std::string names;
  append(names, (hwcap & HWCAP_ASIMD) != 0, "asimd");
  append(names, (hwcap & HWCAP_ASIMDHP) != 0, "asimdhp");
  append(names, (hwcap & HWCAP_ASIMDDP) != 0, "asimddp");
  append(names, (hwcap & HWCAP_SVE) != 0, "sve");
  return names;
}

#else

bool cpu_runs_avx2() {
  return false;
}

bool cpu_runs_avx512() {
  return false;
}

bool cpu_runs_avx512bf16() {
  return false;
}

bool cpu_runs_neon() {
  return false;
}

std::string cpu_feature_names() {
  return {};
}

#endif

std::string cpu_model_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

}  // namespace sixfold::kernels
