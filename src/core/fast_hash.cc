// XXH3, kept out of every other file.
#include "core/fast_hash.h"

#include <xxhash.h>

namespace sixfold {

std::uint64_t fast_hash(std::span<const std::byte> bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace sixfold
