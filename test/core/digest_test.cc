// Hashes of known texts.
#include "core/digest.h"

#include <gtest/gtest.h>

namespace sixfold {
namespace {

// FIPS 180-4, examples; RFC 4231, test case 2.
TEST(Digest, known_answers) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Hasher sha1(HashKind::kSha1);
  sha1.add("a");
  sha1.add("bc");
  EXPECT_EQ(sha1.finish(), "a9993e364706816aba3e25717850c26c9cd0d89d");
  constexpr std::string_view kKey = "Jefe";
  const auto digest =
      hmac_sha256({reinterpret_cast<const unsigned char*>(kKey.data()), kKey.size()}, "what do ya want for nothing?");
  EXPECT_EQ(to_hex(digest), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Digest, hex_of_a_hash_is_64_lower_case_digits) {
  EXPECT_TRUE(is_sha256_hex(sha256_hex("x")));
  EXPECT_FALSE(is_sha256_hex(sha256_hex("x").substr(1)));
  EXPECT_FALSE(is_sha256_hex("../" + sha256_hex("x").substr(3)));
  EXPECT_FALSE(is_sha256_hex("A" + sha256_hex("x").substr(1)));
}

}  // namespace
}  // namespace sixfold
