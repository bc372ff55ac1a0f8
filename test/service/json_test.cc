// Parsing refuses what is not JSON and names fields; writing is always valid JSON.
#include "service/json.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/limits.h"

namespace sixfold::service {
namespace {

TEST(Json, compact_text_keeps_what_strings_hold) {
  std::string out;
  append_compact(out, "{ \"a \\\" b\" :\n [1.50,\t\"x\\\\\" , true]\r\n}");
  EXPECT_EQ(out, R"({"a \" b":[1.50,"x\\",true]})");
}

TEST(Json, refuses_what_is_not_one_json_value) {
  for (const std::string_view text : {"", "  ", "{", "[1,", "{\"a\":}", "nul", "{} {}", "\xff", "\"\xff\"", "'a'"}) {
    const auto parsed = parse_json(text);
    ASSERT_FALSE(parsed.is_ok()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
    EXPECT_TRUE(parsed.error().message.starts_with("body: ")) << parsed.error().message;
  }
  EXPECT_TRUE(parse_json(" {\"a\": [1, 2.5, null, true, \"x\"]} \n").is_ok());
}

TEST(Json, refuses_nesting_above_the_limit) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(parse_json(nested(limits::kJsonDepthMax)).is_ok());
  EXPECT_FALSE(parse_json(nested(limits::kJsonDepthMax + 1)).is_ok());
  EXPECT_FALSE(parse_json(nested(1'000'000)).is_ok());
}

TEST(Json, strings_are_escaped_and_always_utf8) {
  std::string out;
  append_json_string(out, std::string_view("a\"b\\c\n\r\t\x01\x7f\0z", 12));
  EXPECT_EQ(out, "\"a\\\"b\\\\c\\n\\r\\t\\u0001\x7f\\u0000z\"");
  out.clear();
  append_json_string(out, "h\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_EQ(out, "\"h\xC3\xA9\xF0\x9F\x98\x80\"");
  out.clear();
  append_json_string(out, "a\xC3(\xFFz\xE2\x82");
  EXPECT_EQ(out, "\"a\xEF\xBF\xBD(\xEF\xBF\xBDz\xEF\xBF\xBD\"");
}

TEST(Json, every_byte_string_survives_a_round_trip_as_valid_json) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text = {static_cast<char>(first), static_cast<char>(second), 'x'};
      std::string out;
      append_json_string(out, text);
      ASSERT_TRUE(parse_json(out).is_ok()) << first << " " << second;
    }
  }
}

TEST(Json, numbers_are_finite) {
  std::string out;
  append_json_number(out, -std::numeric_limits<double>::infinity());
  out += ' ';
  append_json_number(out, -0.25);
  out += ' ';
  append_json_integer(out, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(out, "-9999 -0.25 18446744073709551615");
}

TEST(FieldReader, errors_name_the_field_the_want_and_the_got) {
  const auto document = parse_json(R"({"temperature": "hot", "n": 1.5, "flag": 1, "s": 3, "a": {}, "o": [],
                                       "long": "0123456789012345678901234567890123456789012345678901234567890"})");
  ASSERT_TRUE(document.is_ok());
  const auto message = [&](auto read) {
    FieldReader reader(document->get_object(), "body");
    read(reader);
    return reader.is_ok() ? std::string("(no refusal)") : reader.refusal()->error.message;
  };
  EXPECT_EQ(message([](FieldReader& reader) { (void)reader.number("temperature", 0, 10); }),
            "\"body.temperature\": want a number between 0 and 10, got \"hot\"");
  EXPECT_EQ(message([](FieldReader& reader) { (void)reader.integer("n", 1, 8); }),
            "\"body.n\": want an integer between 1 and 8, got 1.5");
  EXPECT_EQ(message([](FieldReader& reader) { (void)reader.boolean("flag"); }),
            "\"body.flag\": want true or false, got 1");
  EXPECT_EQ(message([](FieldReader& reader) { (void)reader.text("s"); }), "\"body.s\": want a string, got 3");
  EXPECT_EQ(message([](FieldReader& reader) { (void)reader.array("a"); }), "\"body.a\": want an array, got an object");
  EXPECT_EQ(message([](FieldReader& reader) { (void)reader.object("o"); }), "\"body.o\": want an object, got an array");
  EXPECT_EQ(message([](FieldReader& reader) { (void)reader.boolean("long"); }),
            "\"body.long\": want true or false, got \"012345678901234567890123456789012345678901234567\"...");
}

TEST(FieldReader, the_first_refusal_stays) {
  const auto document = parse_json(R"({"a": "x", "b": "y"})");
  FieldReader reader(document->get_object());
  (void)reader.boolean("a");
  (void)reader.boolean("b");
  ASSERT_FALSE(reader.is_ok());
  EXPECT_EQ(reader.refusal()->field, "a");
}

TEST(FieldReader, null_is_absent_and_whole_doubles_are_integers) {
  const auto document = parse_json(R"({"a": null, "n": 16.0, "huge": 1e300, "big": 18446744073709551615})");
  FieldReader reader(document->get_object());
  EXPECT_FALSE(reader.number("a", 0, 1).has_value());
  EXPECT_EQ(reader.integer("n", 0, 100), 16);
  EXPECT_TRUE(reader.is_ok());
  EXPECT_FALSE(reader.integer("huge", 0, 100).has_value());
  EXPECT_FALSE(reader.integer("big", 0, 100).has_value());
  EXPECT_FALSE(reader.is_ok());
}

}  // namespace
}  // namespace sixfold::service
