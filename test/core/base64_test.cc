// Base64 both ways, and text that is none.
#include "core/base64.h"

#include <gtest/gtest.h>

#include <utility>

namespace sixfold {
namespace {

// RFC 4648, section 10.
TEST(Base64, known_answers_both_ways) {
  const std::pair<const char*, const char*> kCases[] = {{"", ""},
                                                        {"f", "Zg=="},
                                                        {"fo", "Zm8="},
                                                        {"foo", "Zm9v"},
                                                        {"foob", "Zm9vYg=="},
                                                        {"fooba", "Zm9vYmE="},
                                                        {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : kCases) {
    EXPECT_EQ(base64(plain), encoded);
    EXPECT_EQ(from_base64(encoded), plain);
  }
  EXPECT_EQ(from_base64(base64(std::string_view("\xFF\0\x80", 3))), std::string("\xFF\0\x80", 3));
  for (const char* bad : {"Z", "Zg=", "Z===", "Zm9v!A==", "=Zm9"}) EXPECT_FALSE(from_base64(bad).has_value()) << bad;
}

}  // namespace
}  // namespace sixfold
