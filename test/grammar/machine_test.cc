// The automaton against a recogniser that tries everything, its triggers and its bounds.
#include "grammar/machine.h"

#include <map>
#include <random>
#include <set>

#include "core/grammar_limits.h"
#include "core/utf8.h"
#include "grammar/grammar_text.h"

namespace sixfold::grammar {
namespace {

// All ends of what the expression matches from `begin` on.  Tries everything, so for short texts only.
class Recogniser {
 public:
  Recogniser(const Syntax& syntax, std::string_view text) : syntax_(syntax), text_(text) {}

  bool matches() { return ends(syntax_.rules[syntax_.root].body, 0).contains(text_.size()); }

 private:
  using Ends = std::set<std::size_t>;

  Ends ends(const Expression& expression, std::size_t begin) {
    switch (expression.kind) {
      case Expression::Kind::kLiteral:
        if (!text_.substr(begin).starts_with(expression.text)) return {};
        return {begin + expression.text.size()};
      case Expression::Kind::kSet: {
        const Utf8Step step = read_utf8(text_.substr(begin));
        if (begin == text_.size() || !step.is_valid || !expression.set.contains(step.code_point)) return {};
        return {begin + step.bytes};
      }
      case Expression::Kind::kRule: {
        const auto key = std::make_pair(expression.rule, begin);
        if (const auto known = known_.find(key); known != known_.end()) return known->second;
        return known_[key] = ends(syntax_.rules[expression.rule].body, begin);
      }
      case Expression::Kind::kSequence: {
        Ends all = {begin};
        for (const Expression& part : expression.parts) all = each(part, all);
        return all;
      }
      case Expression::Kind::kChoice: {
        Ends all;
        for (const Expression& part : expression.parts) all.merge(ends(part, begin));
        return all;
      }
      case Expression::Kind::kRepeat: {
        Ends all;
        Ends now = {begin};
        for (std::uint32_t count = 0; !now.empty() && count <= expression.most && count <= 40; ++count) {
          if (count >= expression.least) all.insert(now.begin(), now.end());
          now = each(expression.parts[0], now);
        }
        return all;
      }
    }
    return {};
  }

  Ends each(const Expression& part, const Ends& begins) {
    Ends all;
    for (const std::size_t begin : begins) all.merge(ends(part, begin));
    return all;
  }

  const Syntax& syntax_;
  const std::string_view text_;
  std::map<std::pair<std::uint32_t, std::size_t>, Ends> known_;
};

std::string random_expression(std::mt19937& random, int depth, int rules) {
  const auto pick = [&](int count) { return static_cast<int>(random() % static_cast<unsigned>(count)); };
  switch (depth <= 0 ? pick(3) : pick(8)) {
    case 0:
      return std::vector<std::string>{"\"a\"", "\"b\"", "\"ab\"", "\"\u00e9\""}[static_cast<std::size_t>(pick(4))];
    case 1:
      return std::vector<std::string>{"[ab]", "[^a]", "."}[static_cast<std::size_t>(pick(3))];
    case 2:
      return "\"b\" r" + std::to_string(pick(rules));  // never on the left
    case 3:
    case 4:
      return random_expression(random, depth - 1, rules) + " " + random_expression(random, depth - 1, rules);
    case 5:
      return "(" + random_expression(random, depth - 1, rules) + " | " + random_expression(random, depth - 1, rules) +
             ")";
    case 6:
      return "(" + random_expression(random, depth - 1, rules) + ")" +
             std::vector<std::string>{"*", "+", "?", "{2}", "{1,3}", "{2,}"}[static_cast<std::size_t>(pick(6))];
    default:
      return "(\"a\" | )";
  }
}

TEST(Machine, agrees_with_a_recogniser_that_tries_everything) {
  std::mt19937 random(7);
  std::size_t accepted = 0;
  std::size_t grammars = 0;
  for (int round = 0; round < 400; ++round) {
    std::string gbnf = "root ::= " + random_expression(random, 4, 2) + "\n";
    for (int rule = 0; rule < 2; ++rule) {
      gbnf += "r" + std::to_string(rule) + " ::= " + random_expression(random, 3, 2) + "\n";
    }
    const Result<Grammar> grammar = Grammar::compile(gbnf);
    if (!grammar) continue;  // without end, or left recursive
    ++grammars;
    Machine machine = machine_of(gbnf);
    const Result<Syntax> syntax = parse_gbnf(gbnf);
    for (int text_round = 0; text_round < 60; ++text_round) {
      std::string text;
      for (unsigned length = random() % 8; length > 0; --length) {
        text += std::vector<std::string>{"a", "b", "\u00e9"}[random() % 3];
      }
      const bool expected = Recogniser(*syntax, text).matches();
      accepted += expected ? 1 : 0;
      ASSERT_EQ(accepts(machine, text), expected) << gbnf << text;
    }
  }
  EXPECT_GT(grammars, 200u);
  EXPECT_GT(accepted, 1000u);
}

TEST(Machine, whatever_it_allows_can_be_finished) {
  std::mt19937 random(11);
  for (int round = 0; round < 100; ++round) {
    const std::string gbnf =
        "root ::= " + random_expression(random, 4, 1) + "\nr0 ::= " + random_expression(random, 2, 1);
    if (!Grammar::compile(gbnf)) continue;
    Machine machine = machine_of(gbnf);
    StateId state = machine.start();
    // Walks at random for a while: there is always a byte, or an end.
    for (int step = 0; step < 200; ++step) {
      std::vector<StateId> allowed;
      for (unsigned byte = 0; byte < 256; ++byte) {
        const StateId next = machine.next(state, static_cast<std::uint8_t>(byte));
        if (next != Machine::kDead) allowed.push_back(next);
      }
      ASSERT_EQ(allowed.empty(), machine.is_exhausted(state)) << gbnf;
      if (allowed.empty()) {
        ASSERT_TRUE(machine.is_complete(state)) << gbnf;
        break;
      }
      state = allowed[random() % allowed.size()];
    }
  }
}

TEST(Machine, knows_when_nothing_may_follow) {
  Machine machine = machine_of("root ::= \"a\" \"b\"?");
  EXPECT_FALSE(machine.is_exhausted(read(machine, "a")));
  EXPECT_TRUE(machine.is_complete(read(machine, "a")));
  EXPECT_TRUE(machine.is_exhausted(read(machine, "ab")));
}

TEST(Machine, knows_which_characters_are_alike_and_how_many_may_follow) {
  Machine machine = machine_of("root ::= \"<\" [^<>]{2,7} \">\" | [0-9a-c]{0,3} \"-\"");
  const StateId opened = read(machine, "<");
  const AlikeSet set = machine.alike(opened);
  EXPECT_TRUE(set.has('a') && set.has('\n') && set.has_others);
  EXPECT_FALSE(set.has('<') || set.has('>'));
  EXPECT_TRUE(plain_characters().has_others && !plain_characters().includes(set));
  Machine::AlikeRun run = machine.alike_run(opened, set);
  EXPECT_EQ(run.length, 7u);
  EXPECT_TRUE(run.is_end);

  AlikeSet part;
  part.add('a');
  EXPECT_TRUE(machine.alike(machine.start()).includes(part));
  EXPECT_FALSE(machine.alike(machine.start()).has_others);
  run = machine.alike_run(machine.start(), part);
  EXPECT_EQ(run.length, 3u);
  part.add('-');  // leads elsewhere
  EXPECT_EQ(machine.alike_run(machine.start(), part).length, 0u);
  EXPECT_FALSE(machine.alike_run(machine.start(), part).is_end);

  Machine endless = machine_of("root ::= [^x]* \"x\"");
  EXPECT_EQ(endless.alike_run(endless.start(), endless.alike(endless.start())).length, Machine::kAlikeRunMax);
  EXPECT_EQ(machine.alike(Machine::kDead), AlikeSet());
}

TEST(Machine, tells_apart_what_lies_beyond_ascii) {
  Machine one_is_left_out = machine_of("root ::= [^\u20AC]*");
  EXPECT_FALSE(one_is_left_out.alike(one_is_left_out.start()).has_others);
  Machine one_leads_elsewhere = machine_of("root ::= [a-z\u0080-\u20AB\u20AD-\U0010FFFF]* | \"\u20AC\"");
  EXPECT_FALSE(one_leads_elsewhere.alike(one_leads_elsewhere.start()).has_others);
  Machine all = machine_of("root ::= [a-z\u0080-\U0010FFFF]*");
  EXPECT_TRUE(all.alike(all.start()).has_others);
}

TEST(Machine, a_state_is_the_same_in_another_machine) {
  const std::string_view gbnf = "root ::= \"[\" (root (\",\" root)*)? \"]\"";
  Machine machine = machine_of(gbnf);
  const StateId state = read(machine, "[[],[[");
  Machine other(machine.reading());
  StateId same = other.import(machine, state);
  for (const char byte : std::string("]],[]]")) same = other.next(same, static_cast<std::uint8_t>(byte));
  EXPECT_TRUE(other.is_complete(same));
  EXPECT_TRUE(other.is_exhausted(same));
}

TEST(Machine, says_when_it_is_full) {
  Machine machine = machine_of("root ::= [a-z]{0,2000}");
  machine.set_bytes_max(100'000);
  EXPECT_FALSE(machine.is_full());
  read(machine, std::string(2000, 'a'));
  EXPECT_TRUE(machine.is_full());
}

TEST(Machine, nesting_is_bounded) {
  Machine machine = machine_of("root ::= \"[\" root \"]\" | \"x\"");
  const std::size_t most = limits::kGrammarNestingMax;
  EXPECT_NE(read(machine, std::string(most, '[') + "x"), Machine::kDead);
  EXPECT_EQ(read(machine, std::string(most + 10, '[')), Machine::kDead);
}

TEST(Machine, ambiguity_is_bounded) {
  // Each rule is called twice by the one before, and all are empty: the number of ways doubles with every rule.
  std::string gbnf = "root ::= r0 \"x\"\n";
  for (int rule = 0; rule < 40; ++rule) {
    const std::string next = "r" + std::to_string(rule + 1);
    gbnf += "r" + std::to_string(rule) + " ::= " + next + " \"a\"? " + next + "\n";
  }
  gbnf += "r40 ::= \"\" | \"b\"\n";
  Result<Grammar> grammar = Grammar::compile(gbnf);
  ASSERT_TRUE(grammar.is_ok());
  const auto reading = Reading::make(std::move(*grammar), {});
  ASSERT_FALSE(reading.is_ok());
  EXPECT_NE(reading.error().message.find("can begin in more than"), std::string::npos);
}

TEST(Machine, anything_may_come_before_a_trigger) {
  Machine machine = machine_of("root ::= \"<call>\" [0-9]+ \"</call>\"", {"<call>"});
  EXPECT_TRUE(machine.is_complete(read(machine, "")));
  EXPECT_TRUE(machine.is_complete(read(machine, "any text \xff < <cal <<call")));
  EXPECT_TRUE(machine.is_searching(read(machine, "<cal")));
  EXPECT_FALSE(machine.is_searching(read(machine, "text <call>")));
  EXPECT_FALSE(machine.is_complete(read(machine, "text <call>")));
  EXPECT_EQ(read(machine, "text <call>x"), Machine::kDead);
  EXPECT_TRUE(machine.is_complete(read(machine, "text <<call>12</call>")));
  EXPECT_TRUE(machine.is_exhausted(read(machine, "text <call>12</call>")));
}

TEST(Machine, the_trigger_that_ends_first_counts) {
  Machine machine = machine_of("root ::= \"ab\" \"1\" | \"b\" \"2\" | \"abc\" \"3\"", {"abc", "b", "ab"});
  EXPECT_TRUE(machine.is_complete(read(machine, "xab1")));  // "ab" and "b" end together: the longer one
  EXPECT_EQ(read(machine, "xab2"), Machine::kDead);
  EXPECT_TRUE(machine.is_complete(read(machine, "xb2")));
}

TEST(Machine, refuses_wrong_triggers) {
  const auto problem = [](std::vector<std::string> triggers) {
    const auto reading = Reading::make(*Grammar::compile("root ::= \"ab\""), std::move(triggers));
    return reading.is_ok() ? std::string() : reading.error().message;
  };
  EXPECT_NE(problem({""}).find("a trigger of 0 bytes"), std::string::npos);
  EXPECT_NE(problem({std::string(1000, 'a')}).find("a trigger of 1000 bytes"), std::string::npos);
  EXPECT_NE(problem({"b"}).find("no text of the grammar begins with the trigger \"b\""), std::string::npos);
  EXPECT_NE(problem(std::vector<std::string>(100, "a")).find("100 triggers"), std::string::npos);
  EXPECT_EQ(problem({"a", "ab"}), "");
}

}  // namespace
}  // namespace sixfold::grammar
