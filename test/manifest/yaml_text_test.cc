// What is written reads back as the same value, by every version of YAML.
#include "manifest/yaml_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace sixfold::manifest {
namespace {

json::value read_back(const json::value& value) {
  auto read = yaml_value(yaml_of(value), "f");
  return read.is_ok() ? *std::move(read) : json::value("cannot be read: " + read.error().message);
}

TEST(YamlText, texts_that_look_like_something_else_stay_texts) {
  for (const std::string text :
       {"yes",  "No",         "on",       "OFF",  "y",    "N",     "null", "~",     "",
        "true", "1",          "1.0",      "012",  "1:30", "1e3",   ".5",   "-",     "--flag",
        "0x1F", "=",          "<<",       "a: b", "a #b", "#a",    " a",   "a ",    "[a]",
        "{a}",  "*a",         "&a",       "!a",   "|",    ">",     "%a",   "@a",    "`a",
        "'a'",  "\"a\"",      "a\nb",     "a\tb", "\\",   "grüße", "日本", "/path", "registry.example/bot:1.0",
        "500m", "2001-01-01", "Infinity", ".inf", ".nan"}) {
    const json::object object = {{"key", text}};
    EXPECT_EQ(read_back(object), json::value(object)) << yaml_of(object);
  }
}

TEST(YamlText, keys_are_quoted_as_texts_are) {
  const json::object object = {{"yes", 1}, {"a: b", 2}, {"1", 3}, {"", 4}};
  EXPECT_EQ(read_back(object), json::value(object)) << yaml_of(object);
}

TEST(YamlText, long_keys_read_back) {
  for (const std::size_t length : {250, 251, 1023, 1025, 5000}) {
    for (const char letter : {'k', '\x12'}) {
      const json::object inner = {{std::string(length, letter), json::object{{"a", 1}, {"b", json::array{1, 2}}}}};
      const json::value value = json::object{{std::string(length, letter), json::array{inner, inner}}, {"c", nullptr}};
      const auto again = yaml_value(yaml_of(value), "f.yaml");
      ASSERT_TRUE(again.is_ok()) << again.error().message;
      EXPECT_EQ(*again, value);
    }
  }
}

TEST(YamlText, values_of_every_kind_read_back) {
  json::object object = {{"none", nullptr},
                         {"yes", true},
                         {"whole", -12},
                         {"large", 18446744073709551615ull},
                         {"real", 1.5},
                         {"list", json::array{1, "a", json::array(), json::object()}},
                         {"map", json::object{{"a", json::object{{"b", "c"}}}}}};
  EXPECT_EQ(read_back(object), json::value(object)) << yaml_of(object);
}

TEST(YamlText, real_numbers_stay_real_for_every_reader) {
  for (const double number : {1.0, -0.0, 1e3, 1e25, 2.5e-9, 0.1, 4503599627370497.5}) {
    EXPECT_EQ(read_back(json::value(number)), json::value(number)) << yaml_of(json::value(number));
    EXPECT_NE(yaml_of(json::value(number)).find('.'), std::string::npos);
  }
  EXPECT_EQ(yaml_of(json::value(1e25)), "1.0e+25\n");
}

TEST(YamlText, aliases_that_stand_for_too_much_are_refused) {
  std::string text = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 40; ++i) text += fmt::format("a{0}: &a{0} [*a{1}, *a{1}]\n", i, i - 1);
  EXPECT_NE(yaml_value(text, "f.yaml").error().message.find("want at most 262144 values"), std::string::npos);
  EXPECT_FALSE(yaml_value("a: &a [*a, *a]\n", "f.yaml").is_ok());
}

TEST(YamlText, is_written_in_blocks_with_keys_in_order) {
  json::object inner = {{"name", "a"}, {"port", 80}};
  const json::object object = {{"z", "last"}, {"list", json::array{inner}}, {"empty", json::array()}, {"a", "1.0"}};
  EXPECT_EQ(yaml_of(object), "z: last\nlist:\n  - name: a\n    port: 80\nempty: []\na: \"1.0\"\n");
}

TEST(YamlText, broken_texts_are_refused_with_their_line) {
  EXPECT_EQ(yaml_value("a: 1\na: 2\n", "f.yaml").error().message, "f.yaml:2: the key \"a\" is there twice");
  EXPECT_FALSE(yaml_value("a: [1\n", "f.yaml").is_ok());
  EXPECT_EQ(yaml_value("a: \xff\n", "f.yaml").error().message, "f.yaml:1: want text in UTF-8");
  const std::string utf32 = {'a', 0, 0, 0, ':', 0, 0, 0};
  EXPECT_EQ(yaml_value(utf32, "f.yaml").error().message, "f.yaml:1: want text in UTF-8");
  EXPECT_FALSE(yaml_value(std::string(10000, '['), "f.yaml").is_ok());
}

TEST(YamlText, escapes_that_make_no_text_are_refused_with_their_line) {
  for (const std::string escape : {R"(\_)", R"(\N)", R"(\0)"}) {
    EXPECT_TRUE(
        yaml_value("a: 1\nb: [\"" + escape + "\"]\n", "f.yaml").error().message.starts_with("f.yaml:2: want text"));
    EXPECT_FALSE(yaml_value("\"" + escape + "\": 1\n", "f.yaml").is_ok()) << "a key";
  }
  EXPECT_EQ(yaml_value(R"("\u00a0\u0085\L")", "f.yaml")->get_string(), "\u00a0\u0085\u2028");
}

}  // namespace
}  // namespace sixfold::manifest
