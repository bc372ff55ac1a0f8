// Regular expressions: what they match, as a whole and within a text, and what is refused.
#include "grammar/regex.h"

#include "core/utf8.h"
#include "grammar/grammar_text.h"

namespace sixfold::grammar {
namespace {

bool matches_regex(std::string_view pattern, std::string_view text, RegexUse use) {
  const Result<Dfa> dfa = dfa_of_regex(pattern, use);
  EXPECT_TRUE(dfa.is_ok()) << pattern << (dfa.is_ok() ? "" : dfa.error().message);
  return dfa.is_ok() && matches(*dfa, text);
}
bool whole(std::string_view pattern, std::string_view text) {
  return matches_regex(pattern, text, RegexUse::kWhole);
}
bool within(std::string_view pattern, std::string_view text) {
  return matches_regex(pattern, text, RegexUse::kSearch);
}

TEST(Regex, matches_the_whole_text) {
  EXPECT_TRUE(whole("a(b|c)*d", "abcbd"));
  EXPECT_FALSE(whole("a(b|c)*d", "xabd"));
  EXPECT_TRUE(whole("^ab$", "ab"));
  EXPECT_TRUE(whole("(?:ab){2,3}", "ababab"));
  EXPECT_FALSE(whole("(?:ab){2,3}", "ab"));
  EXPECT_TRUE(whole("(?<year>\\d{4})-\\d+?", "2024-1"));
  EXPECT_TRUE(whole("", ""));
  EXPECT_TRUE(whole("a||b", ""));
  EXPECT_TRUE(whole("a{2", "a{2"));
  EXPECT_TRUE(whole("x{,3}", "x{,3}"));
}

TEST(Regex, matches_within_a_text) {
  EXPECT_TRUE(within("b", "abc"));
  EXPECT_TRUE(within("^a|c$", "abc"));
  EXPECT_TRUE(within("^a|c$", "xc"));
  EXPECT_FALSE(within("^b", "ab"));
  EXPECT_FALSE(within("b$", "ba"));
  EXPECT_TRUE(within("(^|,)x", ",x"));
  EXPECT_FALSE(within("(^|,)x", "yx"));
  EXPECT_TRUE(within("(^|y)(^|y)x", "x"));
  EXPECT_FALSE(within("a^b", "ab"));
  EXPECT_TRUE(within("$^", ""));
  EXPECT_FALSE(within("$^", "a"));
}

TEST(Regex, classes_and_escapes) {
  EXPECT_TRUE(whole("[a-c\\d_-]+", "a9_-"));
  EXPECT_TRUE(whole("[^\\s]", "x"));
  EXPECT_FALSE(whole("[^\\s]", "\u00a0"));
  EXPECT_TRUE(whole("\\w\\W\\d\\D\\s\\S", "a-1x z"));
  EXPECT_FALSE(whole(".", "\n"));
  EXPECT_TRUE(whole(".", "\U0001F600"));
  EXPECT_TRUE(whole("[^]", "\n"));
  EXPECT_TRUE(whole("\\u00e9\\x41\\u{1F600}\\uD83D\\uDE00", "\u00e9A\U0001F600\U0001F600"));
  EXPECT_TRUE(whole("\\cJ\\0\\t\\.\\/\\-", std::string("\n\0\t./-", 6)));
  EXPECT_TRUE(whole("[\\b]", "\b"));
  EXPECT_TRUE(whole("[\u4e00-\u9fff]+", "\u4e2d\u6587"));
}

TEST(Regex, looks_ahead_from_the_beginning) {
  EXPECT_TRUE(within("^(?!ab)[a-c]+$", "acb"));
  EXPECT_FALSE(within("^(?!ab)[a-c]+$", "abc"));
  EXPECT_FALSE(within("^(?!ab)[a-c]+$", "ab"));
  EXPECT_TRUE(within("^(?!ab$)[a-c]+$", "abc")) << "only the whole text is excluded";
  EXPECT_FALSE(within("^(?!ab$)[a-c]+$", "ab"));
  EXPECT_TRUE(within("^(?=.*[0-9])(?=.*[a-z]).{4,}$", "ab12"));
  EXPECT_FALSE(within("^(?=.*[0-9])(?=.*[a-z]).{4,}$", "abcd"));
  EXPECT_FALSE(within("^(?=.*[0-9])(?=.*[a-z]).{4,}$", "a1"));
  EXPECT_TRUE(within("^(?!a|b)c?", "cx"));
  EXPECT_FALSE(within("^(?!a|b)c?", "bx"));
  EXPECT_TRUE(whole("^(?!a)[a-c]{2}", "ba"));
  EXPECT_FALSE(whole("^(?!a)[a-c]{2}", "ab"));
  // As zod writes it for e-mail addresses.
  constexpr std::string_view kMail =
      "^(?!\\.)(?!.*\\.\\.)([A-Za-z0-9_'+\\-\\.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9\\-]*\\.)+[A-Za-z]{2,}$";
  EXPECT_TRUE(within(kMail, "ada.l@example.com"));
  for (const std::string_view bad : {".ada@example.com", "a..b@example.com", "a.@example.com", "ada@example"}) {
    EXPECT_FALSE(within(kMail, bad)) << bad;
  }
}

TEST(Regex, refuses_with_the_position) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"a(?=b)", "position 1: looking ahead"},
      {"a(?!b)", "position 1: looking ahead"},
      {"(?!b)a", "position 0: looking ahead"},
      {"^a(?!b)", "position 2: looking ahead"},
      {"^(a(?!b))", "position 3: looking ahead"},
      {"(^(?!b))a", "position 2: looking ahead"},
      {"a|^(?!b)a", "position 3: looking ahead"},
      {"^(?!b)a|c", "position 0: alternatives beside looking ahead"},
      {"^(?!b)*a", "position 6: a quantifier behind looking ahead"},
      {"^(?!b(?=c))a", "position 5: looking ahead"},
      {"^(?!b", "position 1: a \"(\" without"},
      {"(?<=a)b", "position 0: looking behind"},
      {"(a)\\1", "position 3: references back"},
      {"\\k<x>", "references back"},
      {"\\bword", "position 0: word borders"},
      {"\\p{L}", "Unicode properties"},
      {"(?i)a", "a kind of group"},
      {"a**", "a quantifier behind a quantifier"},
      {"*a", "position 0: a quantifier with nothing before it"},
      {"(a", "position 0: a \"(\" without"},
      {"a)", "position 1: a \")\" without"},
      {"[a", "position 0: a \"[\" without"},
      {"[z-a]", "position 1: a range that runs backwards"},
      {"[\\d-z]", "a range between what is no single character"},
      {"a{3,2}", "position 1: a least number"},
      {"a{99999999}", "want at most 65536 repetitions"},
      {"\\", "a \"\\\" with nothing behind it"},
      {"\\q", "an escape that does not exist"},
      {"\\u12", "want 4 hexadecimal digits"},
      {"\\ud800", "half of a surrogate pair"},
      {"\\u{110000}", "no Unicode character"},
      {"^*", "a quantifier behind ^ or $"},
      {"(a|b)*a(a|b){40}", "an automaton of more than"},
  };
  for (const auto& [pattern, expected] : cases) {
    const Result<Dfa> dfa = dfa_of_regex(pattern, RegexUse::kSearch);
    ASSERT_FALSE(dfa.is_ok()) << pattern;
    EXPECT_NE(dfa.error().message.find(expected), std::string::npos) << pattern << "\n  " << dfa.error().message;
  }
}

TEST(Regex, becomes_rules_for_the_same_texts) {
  for (const std::string_view pattern : {"(foo|bar)+[0-9]{2}", "[^a]*\"x\\\\", "(a|b)*abb", "é+|中?"}) {
    const Result<std::string> rules = rules_of_regex(pattern, "root");
    ASSERT_TRUE(rules.is_ok());
    Machine machine = machine_of(*rules);
    for (const std::string_view text :
         {"foobar12", "foo1", "x\"x\\", "a\"x\\", "abb", "aababb", "ab", "é", "中", "", "éé"}) {
      EXPECT_EQ(accepts(machine, text), whole(pattern, text)) << pattern << " " << text;
    }
  }
  EXPECT_FALSE(rules_of_regex("[]", "root").is_ok());
}

TEST(Dfa, intersection_and_difference) {
  const Dfa words = dfa_of_texts({"a", "ab", "abc", "b"});
  const Dfa with_b = *dfa_of_regex("b", RegexUse::kSearch);
  const Dfa both = *intersect(words, with_b);
  const Dfa rest = *subtract(words, with_b);
  for (const std::string_view text : {"a", "ab", "abc", "b", "bb", ""}) {
    EXPECT_EQ(matches(both, text), matches(words, text) && matches(with_b, text)) << text;
    EXPECT_EQ(matches(rest, text), matches(words, text) && !matches(with_b, text)) << text;
  }
  EXPECT_TRUE(is_empty(*subtract(words, dfa_of_all())));
  EXPECT_FALSE(is_empty(both));
}

TEST(Dfa, strings_of_json_are_spelled_as_stringify_does) {
  std::string rules = "root ::= \"\\\"\" text \"\\\"\"\n";
  append_rules(rules, *dfa_of_regex("[^]*", RegexUse::kWhole), "text", Spelling::kJsonString);
  Machine machine = machine_of(rules);
  EXPECT_TRUE(accepts(machine, R"("a\"b\\\n\t\b\f\r\u0001\u001f")"));
  EXPECT_FALSE(accepts(machine, R"("\u0041")"));
  EXPECT_FALSE(accepts(machine, "\"\n\""));
  EXPECT_TRUE(accepts(machine, "\"\u007f\u4e2d\""));
}

// A class of two thousand characters apart from one another, as 6 KB of pattern.
std::string wide_class() {
  constexpr char32_t kFirst = 0x4E00;
  std::string text = "[";
  for (char32_t character = kFirst; character < kFirst + 4000; character += 2) append_utf8(text, character);
  return text + "]";
}

TEST(Regex, large_classes_many_times_are_refused_before_they_fill_memory) {
  const Result<Dfa> many = dfa_of_regex(wide_class() + "{60000}", RegexUse::kWhole);
  ASSERT_FALSE(many.is_ok());
  EXPECT_EQ(many.error().code, ErrorCode::kResourceExhausted) << many.error().message;
  const Result<Dfa> wide = dfa_of_regex("(" + wide_class() + "{20})*", RegexUse::kWhole);
  const Result<Dfa> long_one = dfa_of_regex("(.{21})*", RegexUse::kWhole);
  ASSERT_TRUE(wide.is_ok() && long_one.is_ok());
  const Result<Dfa> both = intersect(*wide, *long_one);
  ASSERT_FALSE(both.is_ok());
  EXPECT_EQ(both.error().message, "an automaton of more than 524288 edges");
}

}  // namespace
}  // namespace sixfold::grammar
