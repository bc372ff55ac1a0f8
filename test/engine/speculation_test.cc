// Guessed tokens change how fast a text comes, never the text: the same answers with and without, to the last bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "engine/scheduler.h"
#include "harness.h"

namespace sixfold::engine::test {
namespace {

constexpr std::size_t kPeriod = 5;  // the model repeats itself after so many tokens, most of the time

HarnessOptions repeating(bool has_speculation) {
  return {.model = {.period = kPeriod}, .has_speculation = has_speculation};
}

void expect_same(const Answers& got, const Answers& wanted) {
  ASSERT_EQ(got.size(), wanted.size());
  for (const auto& [choice, answer] : wanted) {
    const Answer& other = got.at(choice);
    EXPECT_EQ(other.tokens, answer.tokens) << "choice " << choice;
    EXPECT_EQ(other.text, answer.text);
    EXPECT_EQ(other.finish, answer.finish);
    EXPECT_EQ(other.stop_text, answer.stop_text);
    EXPECT_EQ(other.error.has_value(), answer.error.has_value());
    ASSERT_EQ(other.logprobs.size(), answer.logprobs.size());
    for (std::size_t index = 0; index < answer.logprobs.size(); ++index) {
      EXPECT_EQ(other.logprobs[index].token, answer.logprobs[index].token);
      EXPECT_EQ(other.logprobs[index].logprob, answer.logprobs[index].logprob) << "bit for bit";
    }
  }
}

struct Case {
  std::string name;
  void (*change)(EngineRequest&) = [](EngineRequest&) {};
};

class Speculation : public testing::TestWithParam<Case> {};

TEST_P(Speculation, gives_the_answer_that_comes_without_it) {
  std::uint64_t accepted = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    EngineRequest request = make_request(make_prompt(seed, 1 + seed * 3), 120);
    request.sampling.seed = seed;
    GetParam().change(request);
    Harness without(repeating(false));
    Harness with(repeating(true));
    expect_same(with.run_one(request), without.run_one(request));
    EXPECT_EQ(without.scheduler.counts().tokens_drafted, 0u);
    EXPECT_LE(with.scheduler.counts().tokens_accepted, with.scheduler.counts().tokens_drafted);
    accepted += with.scheduler.counts().tokens_accepted;
  }
  EXPECT_GT(accepted, 0u) << "else this tests nothing";
}

INSTANTIATE_TEST_SUITE_P(Speculation, Speculation,
                         testing::Values(Case{"greedy"},
                                         Case{"temperature", [](EngineRequest& r) { r.sampling.temperature = 0.2f; }},
                                         Case{"cuts",
                                              [](EngineRequest& r) {
                                                r.sampling.temperature = 0.5f;
                                                r.sampling.top_k = 10;
                                                r.sampling.top_p = 0.9f;
                                                r.sampling.min_p = 0.01f;
                                              }},
                                         Case{"penalties",
                                              [](EngineRequest& r) {
                                                r.sampling.repetition_penalty = 1.05f;
                                                r.sampling.frequency_penalty = 0.02f;
                                                r.sampling.presence_penalty = 0.1f;
                                              }},
                                         Case{"logprobs",
                                              [](EngineRequest& r) {
                                                r.wants_logprobs = true;
                                                r.logprobs = 3;
                                              }},
                                         Case{"logit_bias",
                                              [](EngineRequest& r) {
                                                r.sampling.logit_bias = {{9, 3.5f}, {11, -2.0f}};
                                              }},
                                         Case{"three_choices",
                                              [](EngineRequest& r) {
                                                r.choices = 3;
                                                r.sampling.temperature = 0.2f;
                                              }},
                                         Case{"end_token",
                                              [](EngineRequest& r) {
                                                r.ignores_end = false;
                                                r.sampling.logit_bias = {{0, 1.5f}};
                                                r.sampling.temperature = 0.15f;
                                              }},
                                         Case{"half_characters",
                                              [](EngineRequest& r) {
                                                r.sampling.logit_bias = {{1, 2.5f}, {2, 2.5f}};
                                              }},
                                         Case{"until_the_context_ends", [](EngineRequest& r) { r.tokens_max = 0; }}),
                         [](const auto& instance) { return instance.param.name; });

TEST(SpeculationEnd, the_last_token_may_stand_anywhere_in_a_draft) {
  const EngineRequest whole = make_request(make_prompt(1, 5), 90);
  const std::vector<TokenId> tokens = expected_tokens(whole, 0, {.period = kPeriod});
  for (std::size_t count = 1; count <= tokens.size(); ++count) {
    Harness harness(repeating(true));
    EngineRequest request = whole;
    request.tokens_max = count;
    const Answer answer = harness.run_one(request).at(0);
    EXPECT_EQ(answer.tokens, std::vector<TokenId>(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(count)));
    EXPECT_EQ(answer.finish, FinishReason::kLength);
  }
}

TEST(SpeculationEnd, a_context_that_is_full_ends_a_draft) {
  for (std::size_t context = 30; context < 60; ++context) {
    const PageModelOptions model{.context = context, .period = kPeriod};
    Harness harness({.model = model, .has_speculation = true});
    EngineRequest request = make_request(make_prompt(1, 5), 0);
    const Answer answer = harness.run_one(request).at(0);
    request.tokens_max = context - 5;
    EXPECT_EQ(answer.tokens, expected_tokens(request, 0, model));
    EXPECT_EQ(answer.finish, FinishReason::kLength);
  }
}

TEST(SpeculationEnd, a_stop_string_may_end_anywhere_in_a_draft) {
  EngineRequest request = make_request(make_prompt(1, 5), 90);
  request.sampling.logit_bias = {{0, -100.0f}, {1, -100.0f}, {2, -100.0f}};  // letters only
  const std::vector<TokenId> tokens = expected_tokens(request, 0, {.period = kPeriod});
  for (std::size_t begin = 0; begin + 4 <= tokens.size(); ++begin) {
    Harness with(repeating(true));
    Harness without(repeating(false));
    const std::string text = with.tokenizer.decode(tokens, false);
    request.stop = {text.substr(begin, 4)};
    const Answers answers = with.run_one(request);
    EXPECT_EQ(answers.at(0).text, text.substr(0, text.find(request.stop[0])));
    EXPECT_EQ(answers.at(0).finish, FinishReason::kStop);
    expect_same(answers, without.run_one(request));
  }
}

TEST(SpeculationEnd, logits_without_a_number_in_a_draft_end_the_request_there) {
  const EngineRequest request = make_request(make_prompt(1, 5), 90);
  const std::vector<TokenId> tokens = expected_tokens(request, 0, {.period = kPeriod});
  for (const TokenId poison : tokens) {
    HarnessOptions options = repeating(true);
    options.model.poison = poison;
    Harness with(options);
    options.has_speculation = false;
    Harness without(options);
    expect_same(with.run_one(request), without.run_one(request));
  }
}

TEST(SpeculationSpeed, a_text_that_repeats_itself_takes_fewer_steps) {
  Harness harness({.model = {.period = kPeriod}, .has_speculation = true});
  const EngineRequest request = make_request(make_prompt(1, 5), 300);
  EXPECT_EQ(harness.run_one(request).at(0).tokens, expected_tokens(request, 0, {.period = kPeriod}));
  EXPECT_LT(harness.model.forwards, 150u);
  const SchedulerCounts counts = harness.scheduler.counts();
  EXPECT_EQ(counts.tokens_accepted + harness.model.forwards, 300u);
}

// Nanoseconds on the harness's clock until the request is done, when a step of n rows takes cost(n).
template <class Cost>
std::int64_t nanoseconds_of(const HarnessOptions& options, const EngineRequest& request, const Cost& cost) {
  Harness harness(options);
  const TimePoint start = harness.clock.now();
  harness.model.before_forward = [&](const model::Batch& batch) {
    harness.clock.advance(Nanoseconds(static_cast<std::int64_t>(cost(static_cast<double>(batch.rows.size())))));
  };
  EXPECT_EQ(harness.run_one(request).at(0).tokens, expected_tokens(request, 0, options.model));
  return (harness.clock.now() - start).count();
}

TEST(SpeculationSpeed, pays_where_rows_are_cheap_and_costs_nothing_where_they_are_not) {
  const auto cheap_rows = [](double rows) { return 1e7 + 1e5 * rows; };
  const auto dear_rows = [](double rows) { return 1e7 * rows; };
  const EngineRequest request = make_request(make_prompt(1, 5), 600);
  for (const std::size_t period : {std::size_t{0}, kPeriod}) {
    HarnessOptions with{.model = {.period = period}, .has_speculation = true};
    HarnessOptions without{.model = {.period = period}};
    const auto ratio = [&](const auto& cost) {
      return static_cast<double>(nanoseconds_of(without, request, cost)) /
             static_cast<double>(nanoseconds_of(with, request, cost));
    };
    EXPECT_GT(ratio(cheap_rows), period == 0 ? 0.97 : 1.8);
    EXPECT_GT(ratio(dear_rows), 0.97);
  }
}

TEST(SpeculationSpeed, a_full_stream_ends_a_draft) {
  Harness harness(repeating(true));
  const EngineRequest request = make_request(make_prompt(1, 4), 600);
  auto slow = harness.add(request);
  while (harness.step()) {
  }
  Answers answers;
  while (auto event = slow->try_next()) add_event(answers, *event);
  EXPECT_LE(answers.at(0).tokens.size(), limits::kTokenStreamMax + 1);
  Answers rest = harness.run({slow}).front();
  std::vector<TokenId> tokens = answers.at(0).tokens;
  tokens.insert(tokens.end(), rest.at(0).tokens.begin(), rest.at(0).tokens.end());
  EXPECT_EQ(tokens, expected_tokens(request, 0, {.period = kPeriod}));
}

TEST(SpeculationPages, the_prefix_tree_remembers_no_wrong_guess) {
  Harness harness(repeating(true));
  EngineRequest request = make_request(make_prompt(1, 9), 100);
  const std::vector<TokenId> answer = harness.run_one(request).at(0).tokens;
  EXPECT_GT(harness.scheduler.counts().tokens_drafted, harness.scheduler.counts().tokens_accepted);
  request.prompt.insert(request.prompt.end(), answer.begin(), answer.end());
  request.prompt.push_back(5);
  auto stream = harness.add(request);
  EXPECT_EQ(harness.run({stream}).front().at(0).tokens, expected_tokens(request, 0, {.period = kPeriod}));
  EXPECT_EQ(stream->usage().cached_tokens, 108u);
}

TEST(SpeculationPages, drafts_take_no_page_that_another_sequence_needs) {
  // Two sequences of 40 tokens in 20 pages of four: exactly enough.
  Harness harness({.model = {.period = kPeriod}, .pages = 20, .has_speculation = true});
  const std::vector<EngineRequest> requests = {make_request(make_prompt(1, 6), 34),
                                               make_request(make_prompt(2, 6), 34)};
  const auto answers = harness.run({harness.add(requests[0]), harness.add(requests[1])});
  for (std::size_t index = 0; index < 2; ++index) {
    EXPECT_EQ(answers[index].at(0).tokens, expected_tokens(requests[index], 0, {.period = kPeriod}));
  }
  EXPECT_EQ(harness.scheduler.counts().preemptions, 0u);
  EXPECT_GT(harness.scheduler.counts().tokens_accepted, 0u);
}

// Requests of all kinds come, pause, are preempted, cancelled and finished in random order on few pages.
TEST(SpeculationUnderLoad, every_answer_is_the_one_it_would_be_alone) {
  std::uint64_t accepted = 0;
  std::uint64_t preemptions = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const PageModelOptions model{.context = 200, .rows_max = 16 + seed % 48, .period = 2 + seed % 7};
    Harness harness({.model = model,
                     .pages = 31 + 5 * (seed % 9),
                     .sequences_max = 1 + seed % 9,
                     .has_prefix_cache = seed % 3 != 0,
                     .has_speculation = true});
    std::vector<EngineRequest> requests;
    std::vector<std::shared_ptr<TokenStream>> streams;
    std::vector<Answers> answers(12);
    for (std::uint64_t number = 0; number < answers.size(); ++number) {
      const std::uint64_t dice = splitmix64(seed, number);
      EngineRequest request =
          make_request(make_prompt(dice, 1 + dice % 30, number % 2 == 0 ? 12 : 0), 1 + dice / 32 % 90, 0.0f);
      request.sampling.temperature = dice % 3 == 0 ? 0.2f : 0.0f;
      request.sampling.seed = dice;
      request.choices = dice % 5 == 0 ? 3 : 1;
      requests.push_back(request);
      streams.push_back(harness.add(request));
      for (std::uint64_t steps = dice / 7 % 9; steps > 0; --steps) harness.step();
      if (dice % 11 == 0) streams[dice / 11 % streams.size()]->cancel();
      // Some readers keep up, others fall behind.
      if (dice % 2 == 0) {
        while (auto event = streams[number]->try_next()) add_event(answers[number], *event);
      }
    }
    const std::vector<Answers> rest = harness.run(streams);
    for (std::size_t number = 0; number < requests.size(); ++number) {
      for (const auto& [choice, answer] : rest[number]) {
        std::vector<TokenId> tokens = answers[number][choice].tokens;
        tokens.insert(tokens.end(), answer.tokens.begin(), answer.tokens.end());
        std::vector<TokenId> wanted = expected_tokens(requests[number], choice, model);
        if (answer.finish == FinishReason::kCancelled) wanted.resize(std::min(wanted.size(), tokens.size()));
        EXPECT_EQ(tokens, wanted) << "seed " << seed << " request " << number << " choice " << choice;
      }
    }
    accepted += harness.scheduler.counts().tokens_accepted;
    preemptions += harness.scheduler.counts().preemptions;
  }
  EXPECT_GT(accepted, 1000u);
  EXPECT_GT(preemptions, 50u);
}

}  // namespace
}  // namespace sixfold::engine::test
