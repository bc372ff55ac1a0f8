// The hash that notices damage.
#include "core/fast_hash.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <vector>

namespace sixfold {
namespace {

std::vector<std::byte> counting_bytes(std::size_t count) {
  std::vector<std::byte> bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>(i * 37 + 11);
  return bytes;
}

TEST(FastHash, moves_with_every_bit_and_every_length) {
  std::set<std::uint64_t> seen;
  std::size_t hashes = 0;
  for (std::size_t count = 0; count <= 200; ++count) {
    std::vector<std::byte> bytes = counting_bytes(count);
    seen.insert(fast_hash(bytes));
    ++hashes;
    for (std::size_t bit = 0; bit < count * 8; bit += 7) {
      bytes[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
      seen.insert(fast_hash(bytes));
      ++hashes;
      bytes[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
    }
  }
  EXPECT_EQ(seen.size(), hashes);
}

TEST(FastHash, tells_runs_of_zeros_and_swapped_words_apart) {
  std::set<std::uint64_t> seen;
  for (std::size_t count = 0; count <= 256; ++count) seen.insert(fast_hash(std::vector<std::byte>(count)));
  EXPECT_EQ(seen.size(), 257u);
  std::vector<std::byte> bytes = counting_bytes(256);
  const std::uint64_t before = fast_hash(bytes);
  for (std::size_t word = 0; word + 8 < 256; word += 8) {
    std::vector<std::byte> swapped = bytes;
    std::memcpy(swapped.data() + word, bytes.data() + word + 8, 8);
    std::memcpy(swapped.data() + word + 8, bytes.data() + word, 8);
    EXPECT_NE(fast_hash(swapped), before) << word;
  }
}

TEST(FastHash, moves_with_the_seed_and_not_with_the_address) {
  const std::vector<std::byte> bytes = counting_bytes(100);
  std::vector<std::byte> shifted(101);
  std::memcpy(shifted.data() + 1, bytes.data(), 100);
  EXPECT_EQ(fast_hash(bytes, 5), fast_hash(std::span(shifted).subspan(1), 5));
  EXPECT_NE(fast_hash(bytes, 5), fast_hash(bytes, 6));
  EXPECT_NE(fast_hash({}, 5), fast_hash({}, 6));
}

// Files on disk hold these values: they must not move with a compiler or a machine.
TEST(FastHash, keeps_its_values) {
  EXPECT_EQ(fast_hash(counting_bytes(1000)), 3871127031165860688u);
}

}  // namespace
}  // namespace sixfold
