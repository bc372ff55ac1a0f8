// Cryptographic hashes (OpenSSL): what a file is named and checked by.
#pragma once
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace sixfold {

using Sha256Bytes = std::array<unsigned char, 32>;

enum class HashKind { kSha256, kSha1 };

// Takes bytes in pieces.  One thread.
class Hasher {
 public:
  explicit Hasher(HashKind kind = HashKind::kSha256);
  ~Hasher();
  Hasher(Hasher&&) noexcept;

  void add(std::span<const std::byte> bytes);
  void add(std::string_view text);

  // In hex, lower case.  Once.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::string_view text);
Sha256Bytes hmac_sha256(std::span<const unsigned char> key, std::string_view text);

// Lower case.
std::string to_hex(std::span<const unsigned char> bytes);

// How registries write such a hash: "sha256:" and its hex digits.
inline constexpr std::string_view kSha256Prefix = "sha256:";
inline std::string sha256_digest(std::string_view hex) {
  return std::string(kSha256Prefix).append(hex);
}

// True for 64 lower-case hex digits.
bool is_sha256_hex(std::string_view text);

}  // namespace sixfold
