// Texts that end where a line is indented too little, however they are cut.
#include "engine/line_indent.h"

#include <gtest/gtest.h>

#include "harness.h"

namespace sixfold::engine::test {
namespace {

struct Read {
  std::string text;
  bool is_ended = false;
  bool operator==(const Read&) const = default;
};

Read read(std::size_t least, std::string_view text, std::size_t piece) {
  LineIndent indent(least);
  Read out;
  for (std::size_t at = 0; at < text.size(); at += piece) out.text += indent.push(text.substr(at, piece));
  out.text += indent.flush();
  out.is_ended = indent.is_ended();
  return out;
}

TEST(LineIndent, ends_before_a_line_that_begins_too_far_left) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{100}}) {
    EXPECT_EQ(read(2, "a\n  b\n   c\n d\n  e", piece), (Read{"a\n  b\n   c", true}));
    EXPECT_EQ(read(2, "a\n\n  b", piece), (Read{"a", true})) << "an empty line is not indented";
    EXPECT_EQ(read(2, "a\n\t b", piece), (Read{"a\n\t b", false}));
    EXPECT_EQ(read(2, "a\n ", piece), (Read{"a\n ", false})) << "nobody knows how the line begins";
    EXPECT_EQ(read(0, "a\nb\n\nc", piece), (Read{"a\nb\n\nc", false}));
    EXPECT_EQ(read(1, "  a", piece), (Read{"  a", false})) << "the first line goes on from what is there";
  }
}

// Letters have no line ends, so the engine's part is shown by an answer that is the same with the rule.
TEST(LineIndent, changes_nothing_about_a_text_of_one_line) {
  Harness harness;
  EngineRequest request = make_request(make_prompt(1, 5), 30, 0.9f);
  const Answer free = harness.run_one(request).at(0);
  request.line_indent = 4;
  EXPECT_EQ(harness.run_one(request).at(0).text, free.text);
}

}  // namespace
}  // namespace sixfold::engine::test
