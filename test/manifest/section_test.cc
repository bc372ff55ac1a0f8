// A section is read key by key; the first thing that is wrong is said with its file, its line and what was wanted.
#include "manifest/section.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>

#include "manifest/manifest.h"

namespace sixfold::manifest {
namespace {

// The section begins in line 3.
Manifest manifest_of(const std::string& section) {
  auto manifest = parse_manifest("apiVersion: sixfold/v1\ntargets:\n  box:" + section, "bot.yaml");
  EXPECT_TRUE(manifest.is_ok()) << manifest.error().message;
  return manifest.is_ok() ? *std::move(manifest) : Manifest();
}

std::string problem(const std::string& section, const std::function<void(Section&)>& read) {
  const Manifest manifest = manifest_of(section);
  Section root(*manifest.target("box"));
  read(root);
  const Status status = root.finish();
  return status.is_ok() ? "accepted" : status.error().message;
}

TEST(Section, values_of_every_kind_are_read) {
  const Manifest manifest = manifest_of(
      "\n    text: a b\n    kind: second\n    count: 7\n    number: 0.5\n    flag: true\n    texts: [x, \"y\"]\n"
      "    map: {K: v, L: \"\"}\n    inner: {text: deep}\n");
  Section root(*manifest.target("box"));
  static constexpr std::array<std::string_view, 2> kKinds = {"first", "second"};
  std::string text, kind, deep;
  std::uint64_t count = 0;
  double number = 0;
  bool flag = false;
  std::vector<std::string> texts;
  std::map<std::string, std::string> map;
  root.text("text", text);
  root.choice("kind", kKinds, kind);
  root.count("count", 1, 7, count);
  root.number("number", 0, 1, number);
  root.flag("flag", flag);
  root.texts("texts", texts);
  root.text_map("map", map);
  {
    auto inner = root.section("inner");
    ASSERT_TRUE(inner);
    inner->text("text", deep);
  }
  ASSERT_TRUE(root.finish().is_ok());
  EXPECT_EQ(text, "a b");
  EXPECT_EQ(kind, "second");
  EXPECT_EQ(count, 7u);
  EXPECT_EQ(number, 0.5);
  EXPECT_TRUE(flag);
  EXPECT_EQ(texts, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(map, (std::map<std::string, std::string>{{"K", "v"}, {"L", ""}}));
  EXPECT_EQ(deep, "deep");
}

TEST(Section, keys_that_are_absent_keep_their_defaults) {
  for (const std::string section : {"\n", " {}\n", " ~\n"}) {
    const Manifest manifest = manifest_of(section);
    Section root(*manifest.target("box"));
    std::string text = "default";
    std::uint64_t count = 3;
    root.text("text", text);
    root.count("count", 1, 9, count);
    EXPECT_FALSE(root.has("text"));
    EXPECT_FALSE(root.section("inner"));
    EXPECT_TRUE(root.finish().is_ok());
    EXPECT_EQ(text, "default");
    EXPECT_EQ(count, 3u);
  }
}

TEST(Section, keys_that_nobody_asks_for_are_refused_with_the_nearest_known_one) {
  std::string text;
  const auto read = [&](Section& root) {
    root.text("image", text);
    root.text("archive", text);
  };
  EXPECT_EQ(problem("\n    image: a\n    archiv: b\n", read),
            "bot.yaml:5: unknown key \"archiv\" in targets.box; did you mean \"archive\"?");
  EXPECT_EQ(problem("\n    zebra: b\n", read),
            "bot.yaml:4: unknown key \"zebra\" in targets.box; known keys: image, archive");
  EXPECT_EQ(problem("\n    [a, b]: c\n", read),
            "bot.yaml:4: unknown key \"\" in targets.box; known keys: image, archive");
}

TEST(Section, values_of_another_kind_are_refused_where_they_stand) {
  std::string text;
  std::uint64_t count = 0;
  double number = 0;
  bool flag = false;
  std::vector<std::string> texts;
  std::map<std::string, std::string> map;
  static constexpr std::array<std::string_view, 2> kKinds = {"first", "second"};
  EXPECT_EQ(problem(" just text\n", [](Section&) {}),
            "bot.yaml:3: targets.box: want a map of settings, got \"just text\"");
  EXPECT_EQ(problem("\n    k: [a]\n", [&](Section& root) { root.text("k", text); }),
            "bot.yaml:4: targets.box.k: want text, got a list");
  EXPECT_EQ(problem("\n    k: third\n", [&](Section& root) { root.choice("k", kKinds, text); }),
            "bot.yaml:4: targets.box.k: want one of first, second, got \"third\"");
  for (const std::string bad : {"0", "10", "-1", "1.5", "many", "18446744073709551616", "\"\""}) {
    EXPECT_NE(problem("\n    k: " + bad + "\n", [&](Section& root) { root.count("k", 1, 9, count); })
                  .find("bot.yaml:4: targets.box.k: want a whole number from 1 to 9, got \""),
              std::string::npos)
        << bad;
  }
  for (const std::string bad : {".nan", ".inf", "2", "-0.1", "x"}) {
    EXPECT_NE(problem("\n    k: " + bad + "\n", [&](Section& root) { root.number("k", 0, 1, number); })
                  .find("bot.yaml:4: targets.box.k: want a number from 0 to 1, got \""),
              std::string::npos)
        << bad;
  }
  EXPECT_EQ(problem("\n    k: yes\n", [&](Section& root) { root.flag("k", flag); }),
            "bot.yaml:4: targets.box.k: want true or false, got \"yes\"");
  EXPECT_EQ(problem("\n    k: one\n", [&](Section& root) { root.texts("k", texts); }),
            "bot.yaml:4: targets.box.k: want a list of at most 1024 texts, got \"one\"");
  EXPECT_EQ(problem("\n    k:\n      - a\n      - {b: c}\n", [&](Section& root) { root.texts("k", texts); }),
            "bot.yaml:6: targets.box.k: want text, got a map");
  EXPECT_EQ(problem("\n    k: [a]\n", [&](Section& root) { root.text_map("k", map); }),
            "bot.yaml:4: targets.box.k: want a map of at most 1024 texts, got a list");
  EXPECT_EQ(problem("\n    k: {a: [b]}\n", [&](Section& root) { root.text_map("k", map); }),
            "bot.yaml:4: targets.box.k: want text, got a list");
  EXPECT_EQ(problem("\n    k: text\n", [](Section& root) { root.section("k"); }),
            "bot.yaml:4: targets.box.k: want a map of settings, got \"text\"");
}

TEST(Section, a_value_that_is_refused_leaves_the_variable_as_it_was) {
  const Manifest manifest = manifest_of("\n    count: many\n    text: later\n");
  Section root(*manifest.target("box"));
  std::uint64_t count = 3;
  std::string text = "default";
  root.count("count", 1, 9, count);
  EXPECT_FALSE(root.is_ok());
  root.text("text", text);  // has no effect behind an error
  EXPECT_EQ(count, 3u);
  EXPECT_EQ(text, "default");
  EXPECT_FALSE(root.finish().is_ok());
}

TEST(Section, the_first_error_of_inner_sections_is_the_one_of_the_root) {
  EXPECT_EQ(problem("\n    inner:\n      deeper:\n        nme: x\n    flag: maybe\n",
                    [](Section& root) {
                      std::string name;
                      bool flag = false;
                      {
                        auto inner = root.section("inner");
                        auto deeper = inner->section("deeper");
                        deeper->text("name", name);
                      }
                      root.flag("flag", flag);
                    }),
            "bot.yaml:6: unknown key \"nme\" in targets.box.inner.deeper; did you mean \"name\"?");
}

TEST(Section, a_missing_key_is_said_only_when_no_key_is_mistyped) {
  const auto read = [](Section& root) {
    std::string host;
    root.text("host", host);
    if (!root.has("host")) root.refuse("host", "want a name, got none");
  };
  EXPECT_EQ(problem("\n", read), "bot.yaml:3: targets.box.host: want a name, got none");
  EXPECT_EQ(problem("\n    hots: a\n", read),
            "bot.yaml:4: unknown key \"hots\" in targets.box; did you mean \"host\"?");
  EXPECT_EQ(problem("\n    host: a\n", read), "accepted");
}

TEST(Section, an_anchor_is_read_like_what_it_stands_for) {
  const auto manifest =
      parse_manifest("apiVersion: sixfold/v1\ntargets:\n  box: &same\n    text: shared\n  crate: *same\n", "bot.yaml");
  ASSERT_TRUE(manifest.is_ok());
  for (const std::string name : {"box", "crate"}) {
    Section root(*manifest->target(name));
    std::string text;
    root.text("text", text);
    EXPECT_TRUE(root.finish().is_ok());
    EXPECT_EQ(text, "shared");
  }
}

TEST(Section, texts_have_a_limit) {
  std::string text;
  const std::string section = "\n    k: " + std::string(65537, 'a') + "\n";
  EXPECT_EQ(problem(section, [&](Section& root) { root.text("k", text); }).find("bot.yaml:4: targets.box.k: want text"),
            0u);
}

}  // namespace
}  // namespace sixfold::manifest
