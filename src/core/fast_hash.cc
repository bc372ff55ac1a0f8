// Folded products, four chains side by side: one chain would wait for its own multiplications.
#include "core/fast_hash.h"

#include <array>
#include <bit>
#include <cstring>

namespace sixfold {
namespace {

static_assert(std::endian::native == std::endian::little, "words are read as they lie in memory");

// Fractional digits of the square roots of 2, 3, 5, 7 and 11: odd, and as good as random.
constexpr std::uint64_t kRoot2 = 0x6a09e667f3bcc909;
constexpr std::uint64_t kRoot3 = 0xbb67ae8584caa73b;
constexpr std::uint64_t kRoot5 = 0x3c6ef372fe94f82b;
constexpr std::uint64_t kRoot7 = 0xa54ff53a5f1d36f1;
constexpr std::uint64_t kRoot11 = 0x510e527fade682d1;

constexpr std::size_t kChains = 4;
constexpr std::size_t kStepBytes = kChains * 2 * sizeof(std::uint64_t);

__extension__ using Product = unsigned __int128;

// Both halves of the 128-bit product, so that every bit of one factor reaches every bit of the result.
std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  const Product product = static_cast<Product>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

struct Step {
  std::array<std::uint64_t, 2 * kChains> words;
};

}  // namespace

std::uint64_t fast_hash(std::span<const std::byte> bytes, std::uint64_t seed) {
  std::array<std::uint64_t, kChains> chains = {seed ^ kRoot2, seed ^ kRoot3, seed ^ kRoot5, seed ^ kRoot7};
  const auto take = [&chains](const Step& step) {
    for (std::size_t i = 0; i < kChains; ++i) {
      // The old value is added besides: a factor that happens to be zero must not forget what came before.
      chains[i] += fold(chains[i] ^ step.words[2 * i], kRoot11 ^ step.words[2 * i + 1]);
    }
  };
  const std::byte* at = bytes.data();
  Step step;
  std::size_t left = bytes.size();
  for (; left >= kStepBytes; left -= kStepBytes, at += kStepBytes) {
    std::memcpy(&step, at, kStepBytes);
    take(step);
  }
  step = {};
  if (left != 0) std::memcpy(&step, at, left);
  take(step);
  std::uint64_t hash = fold(bytes.size() ^ kRoot3, seed ^ kRoot5);
  for (const std::uint64_t chain : chains) hash = fold(hash ^ chain, kRoot2) + chain;
  return fold(hash ^ kRoot7, kRoot11);
}

}  // namespace sixfold
