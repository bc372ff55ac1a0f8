// JSON that is taken, and JSON that is not.
#include "formats/strict_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <string>

namespace sixfold::formats {
namespace {

using ::testing::HasSubstr;

std::string error_of(std::string_view text, const JsonLimits& limits = {}) {
  const auto parsed = parse_strict_json(text, "config.json", limits);
  return parsed.is_ok() ? "accepted" : parsed.error().message;
}

TEST(StrictJson, builds_what_the_ordinary_parser_builds) {
  const std::string text =
      R"({"a":[1,-2,3.5,true,false,null,18446744073709551615],"b\u00e9":{"c":"x\ny","c2":""},"":[{},[]]})"
      "\n ";
  const auto parsed = parse_strict_json(text, "config.json");
  ASSERT_TRUE(parsed.is_ok()) << parsed.error().message;
  EXPECT_EQ(*parsed, boost::json::parse(text));
}

TEST(StrictJson, takes_one_key_in_several_objects) {
  EXPECT_EQ(error_of(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]})"), "accepted");
}

TEST(StrictJson, refuses_a_key_given_twice) {
  EXPECT_THAT(error_of(R"({"a":1,"b":{"c":1},"a":2})"), HasSubstr("config.json: want unique keys, got \"a\" twice"));
  EXPECT_THAT(error_of(R"({"b":{"c":1,"\u0063":2}})"), HasSubstr("got \"c\" twice"));
}

TEST(StrictJson, keeps_its_limits) {
  EXPECT_EQ(error_of("[[1]]", {.depth = 2}), "accepted");
  EXPECT_THAT(error_of("[[[1]]]", {.depth = 2}), HasSubstr("too deep"));
  EXPECT_EQ(error_of("[1,2]", {.values = 3}), "accepted");
  EXPECT_THAT(error_of("[1,2,3]", {.values = 3}), HasSubstr("too many values"));
  EXPECT_THAT(error_of(R"({"a":1,"b":1})", {.values = 4}), HasSubstr("too many values"));
}

TEST(StrictJson, refuses_what_is_no_json_and_says_where) {
  EXPECT_THAT(error_of(""), HasSubstr("config.json: want JSON"));
  EXPECT_THAT(error_of("{\"a\": nope}"), HasSubstr("at byte 6"));
  EXPECT_THAT(error_of("{} {}"), HasSubstr("at byte 3"));
  EXPECT_THAT(error_of("\"\xff\""), HasSubstr("want JSON"));
  EXPECT_THAT(error_of("[1,]"), HasSubstr("want JSON"));
}

TEST(StrictJson, refuses_every_truncation) {
  const std::string text = R"({"a":[1,2.5e3,"x\u00e9"],"b":null})";
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_NE(error_of(std::string_view(text).substr(0, length)), "accepted") << length;
  }
}

}  // namespace
}  // namespace sixfold::formats
