// Which tokens a rule allows, against asking the grammar about each token alone; and whole answers under a rule.
#include "engine/token_rule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "grammar/json_rules.h"
#include "harness.h"
#include "word_tokenizer.h"

namespace sixfold::engine::test {
namespace {

constexpr TokenId kEnd = 0;
constexpr TokenId kControl = 1;

// Texts of one to five of a few letters, some twice, every byte, a control token and an end.
WordTokenizer make_words() {
  std::vector<std::string> words = {"<end>", "<call>"};
  for (int byte = 1; byte < 256; ++byte) words.emplace_back(1, static_cast<char>(byte));
  std::mt19937 random(3);
  for (int count = 0; count < 400; ++count) {
    std::string word;
    for (auto length = 1 + random() % 5; length > 0; --length) {
      word += std::vector<std::string>{
          "a", "b", "\"", "{", "}", ":", ",", " ", "1", "<call>", "\u00e9", "\xC3"}[random() % 12];
    }
    words.push_back(word);
  }
  // Longer than the runs of characters that are counted.
  for (std::size_t length = 30; length <= 35; ++length) words.emplace_back(length, 'a');
  words.push_back(std::string(31, 'b') + "\u00e9");
  words.push_back(std::string(32, 'b') + "\"");
  return WordTokenizer(words, {kControl}, kEnd);
}

std::vector<bool> allowed_now(RuleReader& reader, std::size_t vocabulary, bool keeps_going = false) {
  std::vector<float> logits(vocabulary, 1.0f);
  const Status status = reader.mask(logits, keeps_going);
  EXPECT_TRUE(status.is_ok()) << (status.is_ok() ? "" : status.error().message);
  std::vector<bool> allowed;
  for (const float logit : logits) allowed.push_back(!std::isinf(logit));
  return allowed;
}

std::shared_ptr<TokenRule> make_rule(const tokenizer::Tokenizer& tokenizer, std::string_view gbnf,
                                     std::vector<std::string> triggers = {}) {
  const auto rule = TokenRule::make(std::make_shared<TokenTrie>(tokenizer), gbnf, std::move(triggers));
  EXPECT_TRUE(rule.is_ok()) << (rule.is_ok() ? "" : rule.error().message);
  return *rule;
}

// Walks at random through what the rule allows, asking a machine of its own about each token at every step.
void compare_with_each_token_alone(std::string_view gbnf, const std::vector<std::string>& triggers, unsigned seed) {
  const WordTokenizer words = make_words();
  const std::size_t vocabulary = words.size() + 7;  // models have rows that no token uses
  const auto rule = make_rule(words, gbnf, triggers);
  grammar::Machine machine(*grammar::Reading::make(*grammar::Grammar::compile(gbnf), triggers));
  std::mt19937 random(seed);
  RuleReader reader(rule);
  grammar::StateId state = machine.start();
  const auto after = [&](TokenId token) {
    grammar::StateId next = state;
    for (const char byte : words.piece(token, machine.is_searching(state))) {
      next = machine.next(next, static_cast<std::uint8_t>(byte));
    }
    return next;
  };
  for (int step = 0; step < 60; ++step) {
    const std::vector<bool> allowed = allowed_now(reader, vocabulary);
    std::vector<TokenId> choices;
    for (std::size_t index = 0; index < words.size(); ++index) {
      const auto token = static_cast<TokenId>(index);
      bool expected = after(token) != grammar::Machine::kDead;
      if (token == kEnd) expected = machine.is_complete(state);
      if (token == kControl && !machine.is_searching(state)) expected = false;
      ASSERT_EQ(allowed[index], expected) << "step " << step << ", token " << words.piece(token, true);
      if (expected && token != kEnd) choices.push_back(token);
    }
    for (std::size_t index = words.size(); index < vocabulary; ++index) {
      ASSERT_EQ(allowed[index], machine.is_searching(state));
    }
    if (choices.empty()) return;
    const TokenId token = choices[random() % choices.size()];
    state = after(token);
    ASSERT_TRUE(reader.accept(token).is_ok());
    ASSERT_EQ(reader.is_finished(), machine.is_complete(state) && machine.is_exhausted(state));
    if (reader.is_finished()) return;
  }
}

TEST(TokenRule, allows_what_the_grammar_allows_token_by_token) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    compare_with_each_token_alone(grammar::rules_of_json(grammar::JsonKind::kAny, "root"), {}, seed);
    compare_with_each_token_alone("root ::= (\"ab\" | \"a\u00e9\" | [b1]{2,5})* \"}\"", {}, seed);
    compare_with_each_token_alone("root ::= [^a]{0,40}", {}, seed);
    compare_with_each_token_alone("root ::= \"<call>\" \"a\"+ \"b\"", {"<call>"}, seed);
  }
}

TEST(TokenRule, counted_characters_are_allowed_token_by_token) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    // All of them are alike; all but one; only some, and none of those beyond ASCII; some lead elsewhere.
    compare_with_each_token_alone(R"(root ::= "\"" [^"\\\x00-\x1F]{3,90} "\"")", {}, seed);
    compare_with_each_token_alone(R"(root ::= "\"" [^"{]{0,70} "\"" "a"*)", {}, seed);
    compare_with_each_token_alone(R"(root ::= [a-z1 ]{2,60} ("{" [a-z1]{0,9} "}")?)", {}, seed);
    compare_with_each_token_alone(R"(root ::= ([a-z ] [0-9a-z:] | "{b}"){0,40})", {}, seed);
  }
}

TEST(TokenRule, a_token_that_ends_a_trigger_must_go_on_as_the_grammar_does) {
  const WordTokenizer words({"<end>", "<call>", "x<ca", "ll>", "ll>a", "ll>b", "a", "b"}, {kControl}, kEnd);
  RuleReader reader(make_rule(words, "root ::= \"<call>\" \"a\" \"b\"", {"<call>"}));
  EXPECT_EQ(allowed_now(reader, 8), std::vector<bool>(8, true));
  ASSERT_TRUE(reader.accept(2).is_ok());
  EXPECT_EQ(allowed_now(reader, 8), (std::vector<bool>{true, true, true, true, true, false, true, true}));
  ASSERT_TRUE(reader.accept(4).is_ok());
  EXPECT_EQ(allowed_now(reader, 8), (std::vector<bool>{false, false, false, false, false, false, false, true}));
  EXPECT_FALSE(reader.is_finished());
  ASSERT_TRUE(reader.accept(7).is_ok());
  EXPECT_TRUE(reader.is_finished());
}

TEST(TokenRule, a_control_token_can_be_the_trigger) {
  const WordTokenizer words({"<end>", "<call>", "a", "b"}, {kControl}, kEnd);
  RuleReader reader(make_rule(words, "root ::= \"<call>\" \"a\"", {"<call>"}));
  ASSERT_TRUE(reader.accept(3).is_ok());
  ASSERT_TRUE(reader.accept(kControl).is_ok());
  EXPECT_EQ(allowed_now(reader, 4), (std::vector<bool>{false, false, true, false}));
}

TEST(TokenRule, end_tokens_only_where_the_text_is_complete) {
  const WordTokenizer words({"<end>", "<call>", "a", "b"}, {kControl}, kEnd);
  RuleReader reader(make_rule(words, "root ::= \"a\" \"b\"*"));
  EXPECT_EQ(allowed_now(reader, 4), (std::vector<bool>{false, false, true, false}));
  ASSERT_TRUE(reader.accept(2).is_ok());
  EXPECT_EQ(allowed_now(reader, 4), (std::vector<bool>{true, false, false, true}));
  EXPECT_EQ(allowed_now(reader, 4, true), (std::vector<bool>{false, false, false, true})) << "end tokens do not end";
  EXPECT_FALSE(reader.is_finished());
}

TEST(TokenRule, a_token_that_was_not_allowed_is_an_error) {
  const WordTokenizer words({"<end>", "<call>", "a", "b"}, {kControl}, kEnd);
  const auto rule = make_rule(words, "root ::= \"a\" \"b\"");
  for (const TokenId token : {kControl, TokenId{3}, TokenId{99}, TokenId{-1}}) {
    RuleReader reader(rule);
    const Status status = reader.accept(token);
    ASSERT_FALSE(status.is_ok()) << token;
    EXPECT_EQ(status.error().code, ErrorCode::kInternal);
  }
}

TEST(TokenRule, says_when_the_vocabulary_cannot_spell_the_grammar) {
  const WordTokenizer words({"<end>", "<call>", "a", "b"}, {kControl}, kEnd);
  RuleReader reader(make_rule(words, "root ::= \"c\""));
  std::vector<float> logits(4, 1.0f);
  const Status status = reader.mask(logits, false);
  ASSERT_FALSE(status.is_ok());
  EXPECT_EQ(status.error().message, "no token of the vocabulary can spell what the grammar wants next");
}

// The same walk under rules whose memory holds everything, and next to nothing.
TEST(TokenRule, forgetting_changes_nothing) {
  const WordTokenizer words = make_words();
  const auto trie = std::make_shared<TokenTrie>(words);
  const std::string gbnf = grammar::rules_of_json(grammar::JsonKind::kAny, "root");
  const auto whole = TokenRule::make(trie, gbnf, {});
  const auto tiny = TokenRule::make(trie, gbnf, {}, 20'000);
  ASSERT_TRUE(whole.is_ok() && tiny.is_ok());
  RuleReader remembers(*whole);
  RuleReader forgets(*tiny);
  RuleReader waits(*tiny);  // its state is of a machine that is gone by then
  std::mt19937 random(1);
  for (int step = 0; step < 300 && !remembers.is_finished(); ++step) {
    const std::vector<bool> allowed = allowed_now(remembers, words.size());
    ASSERT_EQ(allowed_now(forgets, words.size()), allowed) << "step " << step;
    auto token = static_cast<TokenId>(random() % words.size());
    while (!allowed[static_cast<std::size_t>(token)] || token == kEnd) {
      token = static_cast<TokenId>(random() % words.size());
    }
    ASSERT_TRUE(remembers.accept(token).is_ok());
    ASSERT_TRUE(forgets.accept(token).is_ok());
  }
  RuleReader fresh(*whole);
  EXPECT_EQ(allowed_now(waits, words.size()), allowed_now(fresh, words.size()));
}

EngineRequest ruled(const std::shared_ptr<TokenRule>& rule, std::uint64_t number, float temperature) {
  EngineRequest request = make_request(make_prompt(number, 3 + number), 200, temperature);
  request.rule = rule;
  request.sampling.seed = number;
  request.ignores_end = false;
  return request;
}

// Words of the letters that LetterTokenizer has.
constexpr std::string_view kList =
    "root ::= \"<\" word (\";\" word){2,8} \">\"\nword ::= [a-c]{3} | [A-Z]{1,2} \"\u00e9\"";

bool is_list(const std::string& text) {
  grammar::Machine machine(*grammar::Reading::make(*grammar::Grammar::compile(kList), {}));
  grammar::StateId state = machine.start();
  for (const char byte : text) state = machine.next(state, static_cast<std::uint8_t>(byte));
  return machine.is_complete(state);
}

TEST(RuledAnswers, end_where_nothing_may_follow) {
  for (std::uint64_t number = 0; number < 20; ++number) {
    Harness harness;
    const auto rule = make_rule(harness.tokenizer, kList);
    const Answer answer = harness.run_one(ruled(rule, number, number % 2 == 0 ? 0.0f : 1.0f)).at(0);
    EXPECT_EQ(answer.finish, FinishReason::kStop);
    EXPECT_TRUE(is_list(answer.text)) << answer.text;
    EXPECT_FALSE(answer.error.has_value());
  }
}

TEST(RuledAnswers, do_not_depend_on_neighbours_guesses_or_room) {
  std::vector<Answers> alone;
  Harness maker;
  const auto shared = make_rule(maker.tokenizer, kList);
  for (std::uint64_t number = 0; number < 12; ++number) {
    Harness harness;
    EngineRequest request = ruled(make_rule(harness.tokenizer, kList), number, 0.9f);
    request.choices = 1 + number % 3;
    alone.push_back(harness.run_one(request));
  }
  for (const bool has_speculation : {false, true}) {
    Harness together({.pages = 40, .has_speculation = has_speculation});  // too few: some give way and begin again
    std::vector<std::shared_ptr<TokenStream>> streams;
    for (std::uint64_t number = 0; number < 12; ++number) {
      EngineRequest request = ruled(shared, number, 0.9f);
      request.choices = 1 + number % 3;
      streams.push_back(together.add(request));
    }
    const std::vector<Answers> answers = together.run(streams);
    for (std::size_t index = 0; index < answers.size(); ++index) {
      ASSERT_EQ(answers[index].size(), alone[index].size());
      for (const auto& [choice, answer] : answers[index]) {
        EXPECT_EQ(answer.text, alone[index].at(choice).text);
        EXPECT_EQ(answer.tokens, alone[index].at(choice).tokens);
        EXPECT_TRUE(is_list(answer.text));
      }
    }
    EXPECT_GT(together.scheduler.counts().preemptions, 0u);
  }
}

TEST(RuledAnswers, guesses_stay_exact) {
  std::uint64_t accepted = 0;
  for (std::uint64_t number = 0; number < 20; ++number) {
    Answers answers[2];
    for (const bool has_speculation : {false, true}) {
      Harness harness({.model = {.period = 4}, .has_speculation = has_speculation});
      EngineRequest request = ruled(make_rule(harness.tokenizer, "root ::= ([a-f] | [0-9]){150} \">\""), number, 0.0f);
      answers[has_speculation ? 1 : 0] = harness.run_one(request);
      accepted += harness.scheduler.counts().tokens_accepted;
    }
    EXPECT_EQ(answers[0].at(0).text, answers[1].at(0).text);
    EXPECT_EQ(answers[0].at(0).finish, FinishReason::kStop);
  }
  EXPECT_GT(accepted, 0u) << "else this tests nothing";
}

TEST(RuledAnswers, can_be_cut_by_their_length) {
  Harness harness;
  EngineRequest request = ruled(make_rule(harness.tokenizer, kList), 1, 0.0f);
  request.tokens_max = 4;
  const Answer answer = harness.run_one(request).at(0);
  EXPECT_EQ(answer.finish, FinishReason::kLength);
  EXPECT_EQ(answer.tokens.size(), 4u);
}

TEST(RuledAnswers, fail_when_the_vocabulary_cannot_go_on) {
  Harness harness;
  EngineRequest request = ruled(make_rule(harness.tokenizer, "root ::= \"ab\" \"~\""), 1, 0.0f);
  const Answer answer = harness.run_one(request).at(0);
  EXPECT_EQ(answer.finish, FinishReason::kError);
  ASSERT_TRUE(answer.error.has_value());
  EXPECT_EQ(answer.error->code, ErrorCode::kInternal);
  EXPECT_EQ(answer.text, "ab");
}

TEST(RuledAnswers, go_on_past_end_tokens_that_do_not_end) {
  Harness harness;
  EngineRequest request = ruled(make_rule(harness.tokenizer, "root ::= [a-z]{20,60}"), 3, 1.0f);
  request.ignores_end = true;
  const Answer answer = harness.run_one(request).at(0);
  EXPECT_EQ(answer.finish, FinishReason::kStop);
  EXPECT_EQ(answer.tokens.size(), 60u);
}

}  // namespace
}  // namespace sixfold::engine::test
