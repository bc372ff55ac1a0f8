// Targets are decoded once and taken literally.
#include "net/request_target.h"

#include <gtest/gtest.h>

namespace sixfold::net {
namespace {

std::string path_of(std::string_view target) {
  const auto parsed = parse_request_target(target);
  return parsed ? parsed->path : "error";
}

TEST(RequestTarget, decodes_the_path_and_changes_nothing_else) {
  EXPECT_EQ(path_of("/"), "/");
  EXPECT_EQ(path_of("/v1/models/org%2Fname"), "/v1/models/org/name");
  EXPECT_EQ(path_of("/a+b"), "/a+b");
  EXPECT_EQ(path_of("/../a//./b/"), "/../a//./b/");
  EXPECT_EQ(path_of("/%252e"), "/%2e") << "decoded once";
  EXPECT_EQ(path_of("/caf%C3%A9"), "/caf\xC3\xA9");
  EXPECT_EQ(path_of("*"), "*");
  EXPECT_EQ(path_of("http://host:80/x?y"), "/x");
  EXPECT_EQ(path_of("HTTP://host"), "/");
}

TEST(RequestTarget, refuses_what_has_no_one_meaning) {
  for (const std::string_view target :
       {"", "x", "//%", "/%", "/%4", "/%g0", "/%00", "/a#b", "/%ff", "/%C0%80", "/%ED%A0%80", "/%F4%90%80%80",
        "/%E2%82", "/?a=%00", "/?%zz=1", "/?a=%FE", "ftp://host/", "http://host?x"}) {
    EXPECT_EQ(path_of(target), "error") << target;
  }
}

TEST(RequestTarget, splits_the_query) {
  const auto parsed = parse_request_target("/?a=1&&b&c=&=d&match[]=up{job=\"x\"}&e=%26%3D");
  ASSERT_TRUE(parsed.is_ok());
  const std::vector<std::pair<std::string, std::string>> want = {
      {"a", "1"}, {"b", ""}, {"c", ""}, {"", "d"}, {"match[]", "up{job=\"x\"}"}, {"e", "&="}};
  EXPECT_EQ(parsed->query, want);
}

}  // namespace
}  // namespace sixfold::net
