// Hashes through OpenSSL's EVP interface.
#include "core/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "core/check.h"

namespace sixfold {

struct Hasher::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Hasher::Hasher(HashKind kind) : state_(std::make_unique<State>()) {
  const EVP_MD* algorithm = kind == HashKind::kSha256 ? EVP_sha256() : EVP_sha1();
  SIXFOLD_CHECK(state_->context != nullptr && EVP_DigestInit_ex(state_->context, algorithm, nullptr) == 1);
}

Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;

void Hasher::add(std::span<const std::byte> bytes) {
  SIXFOLD_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

void Hasher::add(std::string_view text) {
  add(std::as_bytes(std::span(text)));
}

std::string Hasher::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  SIXFOLD_CHECK(EVP_DigestFinal_ex(state_->context, digest.data(), &size) == 1);
  return to_hex({digest.data(), size});
}

std::string sha256_hex(std::string_view text) {
  Hasher hasher;
  hasher.add(text);
  return hasher.finish();
}

Sha256Bytes hmac_sha256(std::span<const unsigned char> key, std::string_view text) {
  Sha256Bytes digest{};
  unsigned size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  SIXFOLD_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes, text.size(), digest.data(),
                     &size) != nullptr &&
                size == digest.size());
  return digest;
}

std::string to_hex(std::span<const unsigned char> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const unsigned char byte : bytes) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

bool is_sha256_hex(std::string_view text) {
  return text.size() == 2 * sizeof(Sha256Bytes) && std::all_of(text.begin(), text.end(), [](char digit) {
           return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f');
         });
}

}  // namespace sixfold
