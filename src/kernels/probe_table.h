// What an instruction set can do at most: loops of nothing but its products and sums, or its loads.
// Read by the isa_*_probe.cc files: nothing here may need an inline function of the standard library (check_weak.sh).
#pragma once
#include <cstddef>
#include <cstdint>

namespace sixfold::kernels {

// Products and sums of registers that do not wait for each other.  run is null where there is no such instruction.
struct ProbeLoop {
  std::uint32_t operations_per_step = 0;  // a product and a sum are two
  void (*run)(std::size_t steps) = nullptr;
};

// Immutable; one per instruction set, for the whole process.
struct ProbeTable {
  ProbeLoop int8_dot;
  ProbeLoop int16_dot;
  ProbeLoop bf16_dot;
  ProbeLoop f32_fma;
  // Exclusive or of words [0, count), read in order as fast as one core can.  words: 64-byte aligned; count: a multiple
  // of kProbeReadWords.
  std::uint64_t (*read)(const std::uint64_t* words, std::size_t count);
};

inline constexpr std::size_t kProbeReadWords = 32;

}  // namespace sixfold::kernels
