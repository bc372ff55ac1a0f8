// The notation: what each part means, and where the mistakes are that it reports.
#include "grammar/gbnf.h"

#include "core/limits.h"
#include "grammar/grammar_text.h"

namespace sixfold::grammar {
namespace {

std::string problem(std::string_view text) {
  const Result<Grammar> grammar = Grammar::compile(text);
  return grammar.is_ok() ? "" : grammar.error().message;
}

TEST(Gbnf, reads_literals_with_escapes) {
  EXPECT_TRUE(accepts(R"(root ::= "a\"b\\c\n\t\r")", "a\"b\\c\n\t\r"));
  EXPECT_TRUE(accepts(R"(root ::= "\x41\u00e9\U0001F600")", "A\u00e9\U0001F600"));
  EXPECT_FALSE(accepts(R"(root ::= "ab")", "a"));
  EXPECT_FALSE(accepts(R"(root ::= "ab")", "abc"));
}

TEST(Gbnf, reads_classes) {
  EXPECT_TRUE(accepts("root ::= [a-cx]", "b"));
  EXPECT_TRUE(accepts("root ::= [a-cx]", "x"));
  EXPECT_FALSE(accepts("root ::= [a-cx]", "d"));
  EXPECT_TRUE(accepts("root ::= [^a-c]", "\u4e2d"));
  EXPECT_FALSE(accepts("root ::= [^a-c]", "b"));
  EXPECT_TRUE(accepts("root ::= [a-]", "-"));
  EXPECT_TRUE(accepts(R"(root ::= [\]\[\\\x41-\x43])", "]"));
  EXPECT_TRUE(accepts(R"(root ::= [\]\[\\\x41-\x43])", "B"));
  EXPECT_TRUE(accepts("root ::= [\u00e0-\u00ff]", "\u00e9"));
  EXPECT_FALSE(accepts("root ::= [\u00e0-\u00ff]", "\u0100"));
}

TEST(Gbnf, any_character_is_a_whole_one) {
  for (const std::string_view text : {"a", "\n", "\u00e9", "\u4e2d", "\U0001F600", "\U0010FFFF"}) {
    EXPECT_TRUE(accepts("root ::= .", text)) << text;
  }
  EXPECT_FALSE(accepts("root ::= .", "\xC3"));
  EXPECT_TRUE(can_begin("root ::= .", "\xC3"));
  EXPECT_FALSE(can_begin("root ::= .", "\xC0"));
  EXPECT_FALSE(can_begin("root ::= .", "\xED\xA0"));  // a surrogate
  EXPECT_FALSE(can_begin("root ::= .", "\xF4\x90"));  // above U+10FFFF
}

TEST(Gbnf, reads_repetitions) {
  for (const auto& [count, least, most] : std::vector<std::tuple<std::string, int, int>>{
           {"*", 0, 9}, {"+", 1, 9}, {"?", 0, 1}, {"{3}", 3, 3}, {"{2,}", 2, 9}, {"{1,3}", 1, 3}, {"{,2}", 0, 2}}) {
    for (int length = 0; length <= 9; ++length) {
      EXPECT_EQ(accepts("root ::= \"a\"" + count, std::string(static_cast<std::size_t>(length), 'a')),
                length >= least && length <= most)
          << count << " " << length;
    }
  }
  EXPECT_TRUE(accepts(R"(root ::= ("ab" | "c")+ "d")", "abcabd"));
}

TEST(Gbnf, reads_rules_on_several_lines_with_comments) {
  const std::string_view text =
      "# a list\n"
      "root ::=\n"
      "  item (  # the first\n"
      "    \",\" item\n"
      "  )*\n"
      "item ::= \"x\" |\n"
      "  \"y\"\n"
      "  | \"z\"\r\n"
      "\n";
  EXPECT_TRUE(accepts(text, "x,y,z"));
  EXPECT_FALSE(accepts(text, "x,"));
}

TEST(Gbnf, allows_empty_alternatives) {
  EXPECT_TRUE(accepts("root ::= \"a\" |\nother ::= \"b\"", ""));
  EXPECT_TRUE(accepts("root ::= | \"a\"", ""));
  EXPECT_TRUE(accepts("root ::= \"\"", ""));
  EXPECT_TRUE(accepts("root ::= (\"a\" | ) \"b\"", "b"));
}

TEST(Gbnf, recursion_on_the_right_and_in_the_middle) {
  const std::string_view text = "root ::= \"(\" root \")\" root | \"\"";
  EXPECT_TRUE(accepts(text, "(()())()"));
  EXPECT_FALSE(accepts(text, "(()"));
  EXPECT_FALSE(can_begin(text, "())"));
  EXPECT_TRUE(accepts("root ::= \"a\" root | \"b\"", std::string(100'000, 'a') + "b"));
}

TEST(Gbnf, mistakes_are_reported_with_their_place) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"", "no rule \"root\""},
      {"other ::= \"a\"", "no rule \"root\""},
      {"root ::= missing", "line 1, column 10: rule \"missing\" is used and not defined"},
      {"root ::= \"a\"\nroot ::= \"b\"", "line 2, column 1: rule \"root\" is defined twice"},
      {"root ::= \"a", "line 1, column 12: want a closing '\"', got the end"},
      {"root ::= \"a\nb\"", "got the end of the line"},
      {"root ::= [a", "want a closing \"]\""},
      {"root ::= [z-a]", "a range that runs backwards"},
      {"root ::= []", "line 1, column 10: a class without characters"},
      {"root ::= [^\\x00-\\U0010FFFF]", "a class without characters"},
      {"root ::= (\"a\"", "want \")\", got the end"},
      {"root ::= \"a\")", "line 1, column 13: want the end of the line behind a rule, got ')'"},
      {"root ::= \"\\q\"", "line 1, column 11: an escape that is none of"},
      {"root ::= \"\\x4\"", "wants 2 hexadecimal digits"},
      {"root ::= \"\\ud800\"", "no Unicode character"},
      {"root ::= \"\\UFFFFFFFF\"", "no Unicode character"},
      {"root ::= \"a\"{2,1}", "that is not above the largest"},
      {"root ::= \"a\"{}", "want {m}, {m,}, {,n} or {m,n}"},
      {"root ::= \"a\"{x}", "want {m}, {m,}, {,n} or {m,n}"},
      {"root ::= \"a\"{99999999}", "want at most 65536 repetitions"},
      {"root \"a\"", "line 1, column 6: want \"::=\" behind the rule's name"},
      {"::= \"a\"", "want a name"},
      {"root ::= *", "want a literal, a class, a rule's name or a group, got '*'"},
      {"root ::= \"a\"\n\n  é ::= \"b\"", "line 3, column 3: want a name, got 'é'"},
      {"root ::= \"\xff\"", "want UTF-8"},
      {"root ::= <tool>", "got '<'"},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_NE(problem(text).find(expected), std::string::npos) << text << "\n  " << problem(text);
  }
}

TEST(Gbnf, refuses_left_recursion) {
  for (const std::string_view text :
       {"root ::= root \"a\" | \"b\"", "root ::= a\na ::= b \"x\"\nb ::= a | \"y\"",
        "root ::= (\"x\"? | \"y\"*) root | \"z\"", "root ::= e root \"x\" | \"y\"\ne ::= \"\""}) {
    EXPECT_NE(problem(text).find("left recursion"), std::string::npos) << text << "\n  " << problem(text);
  }
  EXPECT_EQ(problem("root ::= \"x\" root | \"\""), "");
}

TEST(Gbnf, refuses_a_root_without_end) {
  EXPECT_NE(problem("root ::= \"a\" root").find("no text of finite length"), std::string::npos);
  EXPECT_NE(problem("root ::= a\na ::= \"x\" b\nb ::= \"y\" a").find("no text of finite length"), std::string::npos);
}

TEST(Gbnf, ways_without_end_are_not_begun) {
  const std::string_view text = "root ::= \"a\" endless | \"ab\"\nendless ::= \"c\" endless";
  EXPECT_TRUE(accepts(text, "ab"));
  EXPECT_FALSE(can_begin(text, "ac"));
}

TEST(Gbnf, refuses_what_is_too_large) {
  std::string nested = "root ::= ";
  for (std::size_t depth = 0; depth <= limits::kGrammarDepthMax; ++depth) nested += "(";
  EXPECT_NE(problem(nested + "\"a\"").find("groups in one another"), std::string::npos);
  EXPECT_NE(problem("root ::= ((\"a\"{1000}){1000}){1000}").find("more than"), std::string::npos);
  EXPECT_NE(problem(std::string(limits::kGrammarBytesMax + 1, ' ')).find("bytes, want at most"), std::string::npos);
  std::string rules = "root ::= r0";
  for (std::size_t rule = 0; rule <= limits::kGrammarRulesMax; ++rule)
    rules += "\nr" + std::to_string(rule) + " ::= \"\"";
  EXPECT_NE(problem(rules).find("want at most 65536 rules"), std::string::npos);
  std::string stars = "root ::= \"a\"";
  EXPECT_NE(problem(stars + std::string(1000, '*')).find("too many repetitions"), std::string::npos);
}

}  // namespace
}  // namespace sixfold::grammar
