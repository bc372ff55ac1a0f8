// JSON that is taken, and JSON that is not.
#include "core/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <string>

namespace sixfold {
namespace {

using ::testing::HasSubstr;

std::string error_of(std::string_view text, const JsonLimits& limits = {}) {
  const auto parsed = parse_json(text, "config.json", limits);
  return parsed.is_ok() ? "accepted" : parsed.error().message;
}

TEST(Json, builds_what_the_ordinary_parser_builds) {
  const std::string text =
      R"({"a":[1,-2,3.5,true,false,null,18446744073709551615],"b\u00e9":{"c":"x\ny","c2":""},"":[{},[]]})"
      "\n ";
  const auto parsed = parse_json(text, "config.json");
  ASSERT_TRUE(parsed.is_ok()) << parsed.error().message;
  EXPECT_EQ(*parsed, boost::json::parse(text));
}

TEST(Json, takes_one_key_in_several_objects) {
  EXPECT_EQ(error_of(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]})"), "accepted");
}

TEST(Json, refuses_a_key_given_twice) {
  EXPECT_THAT(error_of(R"({"a":1,"b":{"c":1},"a":2})"), HasSubstr("config.json: want unique keys, got \"a\" twice"));
  EXPECT_THAT(error_of(R"({"b":{"c":1,"\u0063":2}})"), HasSubstr("got \"c\" twice"));
}

TEST(Json, keeps_its_limits) {
  EXPECT_EQ(error_of("[[1]]", {.depth = 2}), "accepted");
  EXPECT_THAT(error_of("[[[1]]]", {.depth = 2}), HasSubstr("too deep"));
  EXPECT_EQ(error_of("[1,2]", {.values = 3}), "accepted");
  EXPECT_THAT(error_of("[1,2,3]", {.values = 3}), HasSubstr("too many values"));
  EXPECT_THAT(error_of(R"({"a":1,"b":1})", {.values = 4}), HasSubstr("too many values"));
}

TEST(Json, refuses_what_is_no_json_and_says_where) {
  EXPECT_THAT(error_of(""), HasSubstr("config.json: want JSON"));
  EXPECT_THAT(error_of("{\"a\": nope}"), HasSubstr("at byte 6"));
  EXPECT_THAT(error_of("{} {}"), HasSubstr("at byte 3"));
  EXPECT_THAT(error_of("\"\xff\""), HasSubstr("want JSON"));
  EXPECT_THAT(error_of("[1,]"), HasSubstr("want JSON"));
}

TEST(Json, an_object_is_told_from_other_values) {
  EXPECT_TRUE(parse_json_object("{}", "config.json").is_ok());
  EXPECT_EQ(parse_json_object("[1]", "config.json").error().message, "config.json: want a JSON object, got an array");
  EXPECT_EQ(parse_json_object("\"x\"", "a.json").error().message, "a.json: want a JSON object, got \"x\"");
}

TEST(Json, values_are_shown_short_and_without_cutting_a_character) {
  EXPECT_EQ(shown_json(json::parse("[[1,2],3]")), "an array");
  EXPECT_EQ(shown_json(json::parse("{\"a\":1}")), "an object");
  EXPECT_EQ(shown_json(json::parse("null")), "null");
  EXPECT_EQ(shown_json(json::parse("-5")), "-5");
  EXPECT_EQ(shown_json(json::string(std::string(48, 'x'))), '"' + std::string(48, 'x') + '"');
  EXPECT_EQ(shown_json(json::string(std::string(47, 'x') + "\xC3\xA9")), '"' + std::string(47, 'x') + "\"...");
}

TEST(Json, numbers_are_told_by_what_they_are) {
  EXPECT_EQ(as_unsigned(json::parse("18446744073709551615")), 18446744073709551615u);
  EXPECT_EQ(as_unsigned(json::parse("-1")), std::nullopt);
  EXPECT_EQ(as_unsigned(json::parse("1.0")), std::nullopt);
  EXPECT_EQ(as_integer(json::parse("-16")), -16);
  EXPECT_EQ(as_integer(json::parse("16.0")), 16);
  EXPECT_EQ(as_integer(json::parse("16.5")), std::nullopt);
  EXPECT_EQ(as_integer(json::parse("1e300")), std::nullopt);
  EXPECT_EQ(as_number(json::parse("18446744073709551615")), 18446744073709551615.0);
  EXPECT_EQ(as_number(json::parse("\"1\"")), std::nullopt);
}

TEST(Json, fields_of_another_type_are_as_if_they_were_not_there) {
  const json::object object = json::parse(R"({"t":"x","c":7,"n":-7,"o":{"t":"y"},"a":[1]})").get_object();
  EXPECT_EQ(text_at(object, "t"), "x");
  EXPECT_EQ(text_at(object, "c"), "");
  EXPECT_EQ(text_at(object, "none"), "");
  EXPECT_EQ(count_at(object, "c"), 7u);
  EXPECT_EQ(count_at(object, "n"), std::nullopt);
  EXPECT_EQ(text_at(*object_at(object, "o"), "t"), "y");
  EXPECT_EQ(object_at(object, "a"), nullptr);
  EXPECT_EQ(array_at(object, "a")->size(), 1u);
  EXPECT_EQ(array_at(object, "o"), nullptr);
}

TEST(Json, refuses_every_truncation) {
  const std::string text = R"({"a":[1,2.5e3,"x\u00e9"],"b":null})";
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_NE(error_of(std::string_view(text).substr(0, length)), "accepted") << length;
  }
}

}  // namespace
}  // namespace sixfold
