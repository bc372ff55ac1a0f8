// A 64-bit hash at the speed of memory, to notice damage and to tell contents apart.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace sixfold {

// XXH3 with 64 bits: every bit of `bytes`, their number and the seed move the result.  Same on every machine.  Not
// cryptographic: it finds accidents, not somebody who makes two contents of one hash on purpose.
std::uint64_t fast_hash(std::span<const std::byte> bytes, std::uint64_t seed = 0);

}  // namespace sixfold
