// Stop strings are found however the text is cut, and nothing that may belong to one gets out early.
#include "engine/stop_strings.h"

#include <gtest/gtest.h>

#include "engine/random.h"

namespace sixfold::engine {
namespace {

struct Seen {
  std::string text;
  std::string match;
};

// Pushes text in pieces; `cuts` has a bit for every byte after which a piece ends.
Seen run(const std::vector<std::string>& strings, const std::string& text, std::uint64_t cuts) {
  StopStrings stops(strings);
  Seen seen;
  std::string piece;
  for (std::size_t index = 0; index < text.size(); ++index) {
    piece += text[index];
    if ((cuts >> index & 1u) == 0 && index + 1 < text.size()) continue;
    const StopStrings::Output output = stops.push(piece);
    piece.clear();
    seen.text += output.text;
    if (output.match) {
      seen.match = *output.match;
      return seen;
    }
  }
  seen.text += stops.flush();
  return seen;
}

// By definition: the match that ends first, of those the longest.
Seen naive(const std::vector<std::string>& strings, const std::string& text) {
  for (std::size_t end = 1; end <= text.size(); ++end) {
    std::string longest;
    for (const std::string& string : strings) {
      if (string.size() <= end && text.compare(end - string.size(), string.size(), string) == 0 &&
          string.size() > longest.size()) {
        longest = string;
      }
    }
    if (!longest.empty()) return {text.substr(0, end - longest.size()), longest};
  }
  return {text, ""};
}

TEST(StopStrings, gives_the_same_however_the_text_is_cut) {
  std::size_t matches = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    const auto letters = [&](std::uint64_t stream, std::size_t size) {
      std::string text;
      for (std::size_t index = 0; index < size; ++index)
        text += splitmix64(seed * 8 + stream, index) % 2 == 0 ? 'a' : 'b';
      return text;
    };
    const std::vector<std::string> strings = {letters(0, 1 + seed % 7), letters(1, 2 + seed % 5), "abab"};
    const std::string text = letters(2, seed % 24);
    const Seen expected = naive(strings, text);
    const Seen seen = run(strings, text, splitmix64(seed, 99));
    EXPECT_EQ(seen.text, expected.text) << "seed " << seed;
    EXPECT_EQ(seen.match, expected.match) << "seed " << seed;
    if (!seen.match.empty()) ++matches;
  }
  EXPECT_GT(matches, 1000u);
}

TEST(StopStrings, holds_back_only_what_may_be_the_beginning_of_one) {
  StopStrings stops({"</s>", "\n\n"});
  EXPECT_EQ(stops.push("one <").text, "one ");
  EXPECT_EQ(stops.push("b> two\n").text, "<b> two");
  EXPECT_EQ(stops.push("three</").text, "\nthree");
  const StopStrings::Output output = stops.push("s>four");
  EXPECT_EQ(output.text, "");
  EXPECT_EQ(output.match, "</s>");
}

TEST(StopStrings, what_was_held_comes_out_at_the_end) {
  StopStrings stops({"</s>"});
  EXPECT_EQ(stops.push("1 </s").text, "1 ");
  EXPECT_EQ(stops.flush(), "</s");
}

TEST(StopStrings, without_strings_text_passes) {
  StopStrings stops({});
  EXPECT_EQ(stops.push("abc").text, "abc");
  EXPECT_EQ(stops.flush(), "");
}

}  // namespace
}  // namespace sixfold::engine
