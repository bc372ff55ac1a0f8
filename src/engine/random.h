// Random numbers without state: the same (seed, choice, step) gives the same number, whatever else the engine does.
#pragma once
#include <cstdint>

namespace sixfold::engine {

// The SplitMix64 generator, read at any place: element `index` of the sequence that starts at `seed`.
// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", doi:10.1145/2660193.2660195; the
// counter as the only state: Salmon et al., doi:10.1145/2063384.2063405.
inline std::uint64_t splitmix64(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t z = seed + (index + 1) * 0x9E3779B97F4A7C15ull;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

// The key of one choice of a request.
inline std::uint64_t choice_key(std::uint64_t seed, std::uint64_t choice) {
  return splitmix64(splitmix64(seed, 0), choice);
}

// In [0, 1), 53 bits.
inline double uniform(std::uint64_t key, std::uint64_t step) {
  return static_cast<double>(splitmix64(key, step) >> 11) * 0x1.0p-53;
}

}  // namespace sixfold::engine
