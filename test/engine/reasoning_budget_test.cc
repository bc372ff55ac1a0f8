// Reasoning that has used its tokens up is closed: where it is counted, and that nothing else depends on it.
#include <gtest/gtest.h>

#include "engine/budget_reader.h"
#include "engine/token_rule.h"
#include "harness.h"
#include "word_tokenizer.h"

namespace sixfold::engine::test {
namespace {

// 0 ends an answer; 1 and 2 are the markers, as tokens of their own.
const WordTokenizer& words() {
  static const WordTokenizer kWords(
      {"<end>", "<think>", "</think>", "a", " ", "\n", "<thi", "nk>b", "</thi", "nk>", "call:", "\xC3", "\xA9"}, {1, 2},
      0);
  return kWords;
}

ReasoningBudget budget_of(std::size_t tokens, bool is_open = false) {
  return {.tokens = tokens, .begin = "<think>", .is_open = is_open, .ends = {"</think>", "call:"}, .closing = {2}};
}

// The token that has to come next behind these.
std::optional<TokenId> closing_after(const ReasoningBudget& budget, const std::vector<TokenId>& tokens) {
  BudgetReader reader(budget, words());
  for (const TokenId token : tokens) reader.accept(token);
  return reader.closing_token();
}

TEST(BudgetReader, counts_the_tokens_behind_the_opening_marker) {
  EXPECT_EQ(closing_after(budget_of(2), {1, 3}), std::nullopt);
  EXPECT_EQ(closing_after(budget_of(2), {1, 3, 3}), 2);
  EXPECT_EQ(closing_after(budget_of(2), {4, 5, 1, 3, 3}), 2) << "white space may stand before it";
  EXPECT_EQ(closing_after(budget_of(2), {6, 7, 3}), std::nullopt) << "the marker in two tokens, and a letter with it";
  EXPECT_EQ(closing_after(budget_of(2), {6, 7, 3, 3}), 2);
  EXPECT_EQ(closing_after(budget_of(0), {1}), 2);
}

TEST(BudgetReader, counts_from_the_start_where_the_prompt_has_opened_it) {
  EXPECT_EQ(closing_after(budget_of(2, true), {3}), std::nullopt);
  EXPECT_EQ(closing_after(budget_of(2, true), {3, 3}), 2);
  EXPECT_EQ(closing_after(budget_of(0, true), {}), 2);
}

TEST(BudgetReader, an_answer_is_free) {
  EXPECT_EQ(closing_after(budget_of(1), {3, 3, 3}), std::nullopt) << "it began without thinking";
  EXPECT_EQ(closing_after(budget_of(1), {3, 1, 3, 3}), std::nullopt) << "the marker is a word here";
  EXPECT_EQ(closing_after(budget_of(2), {1, 3, 2, 3, 3, 3}), std::nullopt) << "it closed its reasoning in time";
  EXPECT_EQ(closing_after(budget_of(3), {1, 8, 9, 3, 3, 3}), std::nullopt) << "in two tokens";
  EXPECT_EQ(closing_after(budget_of(2), {1, 3, 10, 3, 3}), std::nullopt) << "a call ends it";
  EXPECT_EQ(closing_after(budget_of(1), {1, 3, 2, 3}), std::nullopt) << "it was closed";
}

TEST(BudgetReader, a_character_is_not_cut_in_two) {
  EXPECT_EQ(closing_after(budget_of(1), {1, 11}), std::nullopt);
  EXPECT_EQ(closing_after(budget_of(1), {1, 11, 12}), 2);
}

TEST(BudgetReader, several_tokens_can_close_it) {
  ReasoningBudget budget = budget_of(1);
  budget.closing = {8, 9};
  EXPECT_EQ(closing_after(budget, {1, 3}), 8);
  EXPECT_EQ(closing_after(budget, {1, 3, 8}), 9);
  EXPECT_EQ(closing_after(budget, {1, 3, 8, 9}), std::nullopt);
  EXPECT_EQ(closing_after(budget, {1, 3, 8, 9, 3, 3}), std::nullopt);
}

// Letters: "<" opens, "=>" closes.
EngineRequest thinking(std::uint64_t number, std::size_t tokens, bool is_open) {
  EngineRequest request = make_request(make_prompt(number, 3 + number), 40, 0.9f);
  request.sampling.seed = number;
  const auto token_of = LetterTokenizer::token_of;
  request.reasoning = ReasoningBudget{
      .tokens = tokens, .begin = "<", .is_open = is_open, .ends = {"=>"}, .closing = {token_of('='), token_of('>')}};
  return request;
}

TEST(ReasoningBudget, is_kept_whatever_else_is_running) {
  std::vector<Answers> alone;
  for (std::uint64_t number = 0; number < 12; ++number) {
    Harness harness;
    EngineRequest request = thinking(number, number, true);
    request.choices = 1 + number % 3;
    alone.push_back(harness.run_one(request));
    for (const auto& [choice, answer] : alone.back()) {
      std::size_t closed = 0;  // tokens before the marker
      while (closed + 1 < answer.tokens.size() && (answer.tokens[closed] != LetterTokenizer::token_of('=') ||
                                                   answer.tokens[closed + 1] != LetterTokenizer::token_of('>'))) {
        ++closed;
      }
      EXPECT_LE(closed, number + 1) << answer.text;  // half a character may be left
      EXPECT_EQ(answer.tokens.size(), 40u) << "then it goes on";
    }
  }
  for (const bool has_speculation : {false, true}) {
    Harness together({.pages = 40, .has_speculation = has_speculation});
    std::vector<std::shared_ptr<TokenStream>> streams;
    for (std::uint64_t number = 0; number < 12; ++number) {
      EngineRequest request = thinking(number, number, true);
      request.choices = 1 + number % 3;
      streams.push_back(together.add(request));
    }
    const std::vector<Answers> answers = together.run(streams);
    for (std::size_t index = 0; index < answers.size(); ++index) {
      for (const auto& [choice, answer] : answers[index]) EXPECT_EQ(answer.tokens, alone[index].at(choice).tokens);
    }
  }
}

TEST(ReasoningBudget, changes_nothing_before_it_is_used_up) {
  Harness harness;
  EngineRequest free = thinking(5, 0, true);
  free.reasoning.reset();
  const Answer without = harness.run_one(free).at(0);
  const Answer with = harness.run_one(thinking(5, 10, true)).at(0);
  EXPECT_EQ(with.text.substr(0, 9), without.text.substr(0, 9));
  EXPECT_EQ(harness.run_one(thinking(5, 0, false)).at(0).tokens, without.tokens) << "this answer does not think";
}

TEST(ReasoningBudget, a_rule_holds_from_the_closing_marker_on) {
  Harness harness;
  const auto rule = TokenRule::make(std::make_shared<TokenTrie>(harness.tokenizer), "root ::= \"=>\" [a-c]{3}", {"=>"});
  ASSERT_TRUE(rule.is_ok());
  for (std::uint64_t number = 0; number < 10; ++number) {
    EngineRequest request = thinking(number, 5, true);
    request.rule = *rule;
    const Answer answer = harness.run_one(request).at(0);
    EXPECT_EQ(answer.finish, FinishReason::kStop) << answer.text;
    const std::string end = answer.text.substr(answer.text.size() - 5);
    EXPECT_TRUE(end.starts_with("=>")) << answer.text;
    EXPECT_EQ(end.find_first_not_of("abc", 2), std::string::npos) << answer.text;
  }
}

TEST(ReasoningBudget, a_rule_that_does_not_allow_the_marker_wins) {
  Harness harness;
  const auto rule = TokenRule::make(std::make_shared<TokenTrie>(harness.tokenizer), "root ::= [a-c]{20}", {});
  ASSERT_TRUE(rule.is_ok());
  EngineRequest request = thinking(1, 2, true);
  request.rule = *rule;
  const Answer answer = harness.run_one(request).at(0);
  EXPECT_EQ(answer.finish, FinishReason::kStop);
  EXPECT_EQ(answer.text.size(), 20u);
}

}  // namespace
}  // namespace sixfold::engine::test
