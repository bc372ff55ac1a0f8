#include "core/string_array.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace sixfold {
namespace {

using testing::ElementsAre;

TEST(StringArray, holds_texts_in_order_empty_ones_too) {
  StringArray texts;
  EXPECT_TRUE(texts.empty());
  for (const char* text : {"one", "", "three", ""}) texts.push_back(text);
  texts.push_back(std::string("a\0b", 3));
  EXPECT_EQ(texts.size(), 5u);
  EXPECT_THAT(texts, ElementsAre("one", "", "three", "", std::string("a\0b", 3)));
  EXPECT_EQ(texts.front(), "one");
  EXPECT_EQ(texts[2], "three");
  EXPECT_EQ(texts.back().size(), 3u);
}

TEST(StringArray, is_found_in_and_made_from_lists) {
  const StringArray texts = std::vector<std::string>{"a", "bc"};
  EXPECT_EQ(texts, (StringArray{"a", "bc"}));
  EXPECT_NE(texts, (StringArray{"ab", "c"}));
  EXPECT_NE(texts, (StringArray{"a", "bc", ""}));
  EXPECT_EQ(*std::find(texts.begin(), texts.end(), "bc"), "bc");
  EXPECT_EQ(std::find(texts.begin(), texts.end(), "b"), texts.end());
}

TEST(StringArray, a_copy_is_deep_and_outlives_what_it_was_made_from) {
  StringArray texts = {"first", "second"};
  const StringArray copy = texts;
  texts.clear();
  texts.push_back("xxxxx");
  EXPECT_THAT(copy, ElementsAre("first", "second"));
  EXPECT_THAT(texts, ElementsAre("xxxxx"));
  const StringArray moved = std::move(texts);
  EXPECT_THAT(moved, ElementsAre("xxxxx"));
}

TEST(StringArray, views_stay_valid_when_it_moves) {
  StringArray texts = {"a", "bc"};
  const std::string_view view = texts[1];
  const StringArray moved = std::move(texts);
  EXPECT_EQ(moved[1].data(), view.data());
}

}  // namespace
}  // namespace sixfold
