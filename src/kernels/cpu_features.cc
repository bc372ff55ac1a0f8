// Asks the processor (x86: cpuid, through the compiler, which also checks that the system saves the registers;
// Arm: the auxiliary vector).  Compiled for the baseline CPU, unlike the kernels themselves.
#include "kernels/cpu_features.h"

#include <fstream>
#include <string_view>

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
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

// Tiles, and their products of int8 and of bf16.  Source: the same, leaf 7, EDX.
bool has_amx() {
  constexpr unsigned kWanted = 1u << 24 | 1u << 25 | 1u << 22;
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (edx & kWanted) == kWanted;
}

// Tiles are so large that Linux saves them only for processes that ask.  Source: Linux,
// Documentation/arch/x86/xstate.rst.
bool may_use_amx() {
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;
  return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
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

bool cpu_runs_amx() {
  static const bool is_usable = cpu_runs_avx512bf16() && has_amx() && may_use_amx();
  return is_usable;
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
  append(names, has_amx(), "amx");
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

bool cpu_runs_amx() {
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

bool cpu_runs_amx() {
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
