// Whatever shares the engine with a request, it gets the text it would get alone; and no page is ever lost.
#include "engine/scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "harness.h"

namespace sixfold::engine::test {
namespace {

// Requests of all sizes, greedy and seeded, some with a common beginning.
std::vector<EngineRequest> mixed_requests(std::size_t count) {
  std::vector<EngineRequest> requests;
  for (std::size_t index = 0; index < count; ++index) {
    const std::size_t size = 1 + splitmix64(11, index) % 40;
    requests.push_back(make_request(make_prompt(index, size, index % 3 == 0 ? 13 : 0), 1 + splitmix64(12, index) % 30,
                                    index % 2 == 0 ? 0.0f : 1.0f));
    requests.back().sampling.seed = index;
    if (index % 5 == 1) requests.back().sampling.frequency_penalty = 1.0f;
  }
  return requests;
}

TEST(Scheduler, one_request_gets_the_tokens_of_its_history) {
  Harness harness;
  const EngineRequest request = make_request(make_prompt(1, 11), 20);
  const Answers answers = harness.run_one(request);
  EXPECT_EQ(answers.at(0).tokens, expected_tokens(request));
  EXPECT_EQ(answers.at(0).finish, FinishReason::kLength);
}

struct Load {
  std::string name;
  HarnessOptions options = {};
};

class UnderLoad : public testing::TestWithParam<Load> {};

TEST_P(UnderLoad, text_is_the_same_as_alone) {
  Harness harness(GetParam().options);
  const std::vector<EngineRequest> requests = mixed_requests(32);
  std::vector<std::shared_ptr<TokenStream>> streams;
  for (std::size_t index = 0; index < requests.size(); ++index) {
    streams.push_back(harness.add(requests[index]));
    for (std::uint64_t steps = splitmix64(13, index) % 4; steps > 0; --steps) harness.step();
  }
  const std::vector<Answers> answers = harness.run(streams);
  for (std::size_t index = 0; index < requests.size(); ++index) {
    EXPECT_EQ(answers[index].at(0).tokens, expected_tokens(requests[index])) << "request " << index;
    EXPECT_EQ(answers[index].at(0).finish, FinishReason::kLength);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Scheduler, UnderLoad,
    testing::Values(Load{"roomy", {}}, Load{"no_prefix_cache", {.has_prefix_cache = false}},
                    Load{"chunks_of_one", {.prefill_chunk = 1}}, Load{"two_at_once", {.sequences_max = 2}},
                    Load{"pages_for_two", {.pages = 36}}, Load{"pages_for_one", {.pages = 18}},
                    Load{"pages_for_one_without_prefix_cache", {.pages = 18, .has_prefix_cache = false}},
                    Load{"with_speculation", {.has_speculation = true}},
                    Load{"with_speculation_and_few_pages", {.pages = 36, .has_speculation = true}},
                    Load{"few_rows", {.model = {.rows_max = 5}, .sequences_max = 5, .prefill_chunk = 3}},
                    Load{"big_pages", {.model = {.page_tokens = 32}}}),
    [](const auto& instance) { return instance.param.name; });

TEST(Scheduler, sequences_that_outgrow_the_pages_give_way_and_come_back) {
  for (const bool has_prefix_cache : {true, false}) {
    Harness harness({.pages = 24, .has_prefix_cache = has_prefix_cache});
    std::vector<EngineRequest> requests;
    std::vector<std::shared_ptr<TokenStream>> streams;
    for (std::size_t index = 0; index < 6; ++index) {
      requests.push_back(make_request(make_prompt(index, 5), 60, 1.0f));
      streams.push_back(harness.add(requests.back()));
    }
    const std::vector<Answers> answers = harness.run(streams);
    EXPECT_GT(harness.scheduler.counts().preemptions, 0u);
    for (std::size_t index = 0; index < requests.size(); ++index) {
      EXPECT_EQ(answers[index].at(0).tokens, expected_tokens(requests[index])) << "request " << index;
    }
  }
}

TEST(Scheduler, the_oldest_request_is_never_preempted) {
  Harness harness({.pages = 12});
  const EngineRequest oldest = make_request(make_prompt(1, 5), 40);
  auto first = harness.add(oldest);
  auto second = harness.add(make_request(make_prompt(2, 5), 40));
  std::size_t steps = 0;
  while (!first->is_finished() && harness.step()) {
    ++steps;
    while (first->try_next()) {
    }
    while (second->try_next()) {
    }
  }
  EXPECT_EQ(steps, 40u) << "one token of the oldest in every step";
  EXPECT_GT(harness.scheduler.counts().preemptions, 0u);
  EXPECT_EQ(harness.run({second}).size(), 1u);
}

TEST(Scheduler, a_known_prefix_is_not_computed_again) {
  Harness harness;
  const EngineRequest first = make_request(make_prompt(1, 30, 22), 8);
  const EngineRequest second = make_request(make_prompt(2, 30, 22), 8);
  EXPECT_EQ(harness.run_one(first).at(0).tokens, expected_tokens(first));
  const std::size_t rows = harness.model.rows_computed;
  auto stream = harness.add(second);
  EXPECT_EQ(harness.run({stream}).front().at(0).tokens, expected_tokens(second));
  EXPECT_EQ(stream->usage().cached_tokens, 20u) << "five full pages of four";
  EXPECT_EQ(harness.model.rows_computed - rows, 30u - 20u + 8u - 1u);
}

TEST(Scheduler, two_thousand_known_tokens_leave_almost_nothing_to_compute) {
  Harness harness({.pages = 1200});
  harness.run_one(make_request(make_prompt(1, 2040, 2000), 4));
  const std::size_t rows = harness.model.rows_computed;
  const EngineRequest second = make_request(make_prompt(2, 2040, 2000), 1);
  EXPECT_EQ(harness.run_one(second).at(0).tokens, expected_tokens(second));
  EXPECT_EQ(harness.model.rows_computed - rows, 40u);
}

TEST(Scheduler, a_conversation_reuses_its_own_answer) {
  Harness harness;
  EngineRequest request = make_request(make_prompt(1, 9), 12);
  const std::vector<TokenId> answer = harness.run_one(request).at(0).tokens;
  request.prompt.insert(request.prompt.end(), answer.begin(), answer.end());
  request.prompt.push_back(5);
  auto stream = harness.add(request);
  EXPECT_EQ(harness.run({stream}).front().at(0).tokens, expected_tokens(request));
  EXPECT_EQ(stream->usage().cached_tokens, 20u);
}

TEST(Scheduler, the_same_prompt_again_still_computes_its_last_token) {
  Harness harness;
  const EngineRequest request = make_request(make_prompt(1, 16), 5);
  harness.run_one(request);
  auto stream = harness.add(request);
  EXPECT_EQ(harness.run({stream}).front().at(0).tokens, expected_tokens(request));
  EXPECT_EQ(stream->usage().cached_tokens, 12u);
}

TEST(Scheduler, prompts_that_come_together_compute_their_common_beginning_once) {
  Harness harness;
  std::vector<EngineRequest> requests;
  std::vector<std::shared_ptr<TokenStream>> streams;
  for (std::size_t index = 0; index < 8; ++index) {
    requests.push_back(make_request(make_prompt(index, 30, 28), 2));
    streams.push_back(harness.add(requests.back()));
  }
  const std::vector<Answers> answers = harness.run(streams);
  for (std::size_t index = 0; index < 8; ++index) {
    EXPECT_EQ(answers[index].at(0).tokens, expected_tokens(requests[index]));
    EXPECT_EQ(streams[index]->usage().cached_tokens, index == 0 ? 0u : 28u);
  }
  EXPECT_EQ(harness.model.rows_computed, 28u + 8u * 3u);
}

TEST(Scheduler, without_prefix_cache_nothing_stays) {
  Harness harness({.has_prefix_cache = false});
  harness.run_one(make_request(make_prompt(1, 30), 8));
  EXPECT_EQ(harness.scheduler.counts().pages_cached, 0u);
}

TEST(Scheduler, choices_share_the_prompt_and_differ_in_seed) {
  for (const std::size_t prompt_tokens : {12, 14, 1}) {
    Harness harness;
    EngineRequest request = make_request(make_prompt(1, prompt_tokens), 20, 1.0f);
    request.choices = 4;
    auto stream = harness.add(request);
    const Answers answers = harness.run({stream}).front();
    ASSERT_EQ(answers.size(), 4u);
    for (const auto& [choice, answer] : answers) {
      EXPECT_EQ(answer.tokens, expected_tokens(request, choice)) << "choice " << choice;
    }
    EXPECT_NE(answers.at(0).tokens, answers.at(1).tokens);
    EXPECT_EQ(harness.model.rows_computed, prompt_tokens + 4 * 19);
    EXPECT_EQ(stream->usage().generated_tokens, 80u);
    EXPECT_EQ(stream->usage().prompt_tokens, prompt_tokens);
  }
}

TEST(Scheduler, more_choices_than_places_or_pages_take_turns) {
  for (const std::size_t pages : {256, 12}) {
    Harness harness({.pages = pages, .sequences_max = 3});
    EngineRequest request = make_request(make_prompt(1, 14), 20, 1.0f);
    request.choices = 8;
    const Answers answers = harness.run_one(request);
    ASSERT_EQ(answers.size(), 8u);
    for (const auto& [choice, answer] : answers) EXPECT_EQ(answer.tokens, expected_tokens(request, choice));
  }
}

TEST(Scheduler, the_first_prompt_answers_before_the_second_is_computed) {
  Harness harness({.model = {.rows_max = 16}, .sequences_max = 4});
  auto first = harness.add(make_request(make_prompt(1, 30), 5));
  auto second = harness.add(make_request(make_prompt(2, 30), 5));
  harness.step();
  harness.step();
  EXPECT_TRUE(first->try_next().has_value());
  EXPECT_FALSE(second->try_next().has_value());
  harness.run({first, second});
}

TEST(Scheduler, a_long_prompt_does_not_stop_the_others_tokens) {
  Harness harness;
  auto talking = harness.add(make_request(make_prompt(1, 4), 50));
  harness.step();
  while (talking->try_next()) {
  }
  auto reading = harness.add(make_request(make_prompt(2, 80), 5));
  for (int step = 0; step < 10; ++step) {
    harness.step();
    EXPECT_TRUE(talking->try_next().has_value()) << "step " << step;
  }
  EXPECT_TRUE(reading->try_next().has_value()) << "80 tokens in chunks of 8";
  harness.run({talking, reading});
}

TEST(Scheduler, a_full_stream_pauses_its_sequence_and_nobody_else) {
  Harness harness({.sequences_max = 1});
  const EngineRequest request = make_request(make_prompt(1, 4), 600);
  auto slow = harness.add(request);
  while (harness.step()) {
  }
  const std::size_t forwards = harness.model.forwards;
  EXPECT_EQ(forwards, limits::kTokenStreamMax);
  const EngineRequest other = make_request(make_prompt(2, 4), 10);
  auto quick = harness.add(other);
  Answers quick_answers;
  while (harness.step()) {
  }
  while (auto event = quick->try_next()) add_event(quick_answers, *event);
  EXPECT_EQ(quick_answers.at(0).tokens, expected_tokens(other));
  EXPECT_EQ(harness.run({slow}).front().at(0).tokens, expected_tokens(request));
}

TEST(Scheduler, a_paused_sequence_gives_its_pages_to_those_who_run) {
  Harness harness({.pages = 80});
  const EngineRequest request = make_request(make_prompt(1, 4), 300);
  auto slow = harness.add(request);
  while (harness.step()) {
  }
  const EngineRequest other = make_request(make_prompt(2, 4), 200);
  auto quick = harness.add(other);
  Answers quick_answers;
  while (harness.step()) {
  }
  while (auto event = quick->try_next()) add_event(quick_answers, *event);
  EXPECT_EQ(quick_answers.at(0).tokens, expected_tokens(other));
  EXPECT_EQ(harness.scheduler.counts().preemptions, 1u) << "the paused one, not the one that runs";
  EXPECT_EQ(harness.run({slow}).front().at(0).tokens, expected_tokens(request));
}

TEST(Scheduler, cancel_frees_the_pages_at_the_next_step) {
  Harness harness;
  EngineRequest request = make_request(make_prompt(1, 30), 50, 1.0f);
  request.choices = 3;
  auto forked = harness.add(request);
  for (int step = 0; step < 8; ++step) harness.step();
  auto prefilling = harness.add(request);
  auto waiting = harness.add(request);
  EXPECT_GT(harness.scheduler.counts().pages_used, 0u);
  for (const auto& stream : {forked, prefilling, waiting}) stream->cancel();
  EXPECT_TRUE(harness.step());
  EXPECT_EQ(harness.scheduler.counts().pages_used, 0u);
  EXPECT_GT(harness.scheduler.counts().pages_cached, 0u);
  EXPECT_EQ(harness.scheduler.take_finished(), 3u);
  for (const Answers& answers : harness.run({forked, prefilling, waiting})) {
    ASSERT_EQ(answers.size(), 3u);
    for (const auto& [choice, answer] : answers) EXPECT_EQ(answer.finish, FinishReason::kCancelled);
  }
}

TEST(Scheduler, generation_ends_where_the_context_ends) {
  Harness harness({.model = {.context = 20}});
  EngineRequest request = make_request(make_prompt(1, 13), 0);
  const Answers answers = harness.run_one(request);
  request.tokens_max = 7;
  EXPECT_EQ(answers.at(0).tokens, expected_tokens(request));
  EXPECT_EQ(answers.at(0).finish, FinishReason::kLength);
}

TEST(Scheduler, a_stop_string_across_tokens_cuts_the_text_before_it) {
  Harness harness;
  EngineRequest request = make_request(make_prompt(1, 5), 30);
  request.sampling.logit_bias = {{0, -100.0f}, {1, -100.0f}, {2, -100.0f}};  // letters only
  const std::vector<TokenId> tokens = expected_tokens(request);
  const std::string text = harness.tokenizer.decode(std::span(tokens).first(12), false);
  request.stop = {"no such text", text.substr(8, 3)};
  const Answer answer = harness.run_one(request).at(0);
  const std::size_t found = text.find(request.stop[1]);
  EXPECT_EQ(answer.text, text.substr(0, found));
  EXPECT_EQ(answer.finish, FinishReason::kStop);
  EXPECT_EQ(answer.stop_text, request.stop[1]);
  EXPECT_EQ(answer.tokens.size(), found + 3);
}

TEST(Scheduler, an_end_token_ends_unless_it_is_ignored) {
  Harness harness;
  EngineRequest request = make_request(make_prompt(1, 5), 10);
  request.sampling.logit_bias = {{0, 100.0f}};
  request.ignores_end = false;
  const Answer ended = harness.run_one(request).at(0);
  EXPECT_EQ(ended.tokens, std::vector<TokenId>{0});
  EXPECT_EQ(ended.finish, FinishReason::kStop);
  EXPECT_EQ(ended.text, "");
  request.ignores_end = true;
  request.shows_special = true;
  request.tokens_max = 2;
  const Answer ignored = harness.run_one(request).at(0);
  EXPECT_EQ(ignored.text, "<end><end>");
  EXPECT_EQ(ignored.finish, FinishReason::kLength);
}

TEST(Scheduler, half_a_character_is_held_back_and_replaced_at_the_end) {
  Harness harness;
  EngineRequest request = make_request(make_prompt(1, 5), 1);
  request.sampling.logit_bias = {{1, 100.0f}};
  EXPECT_EQ(harness.run_one(request).at(0).text, "\xEF\xBF\xBD");
}

TEST(Scheduler, logits_without_a_number_end_only_their_own_request) {
  Harness harness({.model = {.poison = 9}});
  EngineRequest poisoned = make_request({3, 9}, 5);
  poisoned.choices = 2;
  EngineRequest healthy = make_request(make_prompt(1, 5), 5);
  healthy.sampling.logit_bias = {{9, -100.0f}};
  const auto answers = harness.run({harness.add(poisoned), harness.add(healthy)});
  ASSERT_EQ(answers[0].size(), 2u);
  for (const auto& [choice, answer] : answers[0]) {
    EXPECT_EQ(answer.finish, FinishReason::kError);
    EXPECT_EQ(answer.error->message, "model produced no finite logit");
  }
  EXPECT_EQ(answers[1].at(0).tokens, expected_tokens(healthy));
}

TEST(Scheduler, a_failed_forward_ends_its_requests_and_the_next_ones_work) {
  Harness harness;
  const EngineRequest request = make_request(make_prompt(1, 5), 5);
  harness.model.fails = true;
  EXPECT_EQ(harness.run_one(request).at(0).finish, FinishReason::kError);
  EXPECT_TRUE(harness.scheduler.counts().is_failing);
  EXPECT_EQ(harness.scheduler.counts().pages_cached, 0u) << "nothing of a failed step may be reused";
  harness.model.fails = false;
  EXPECT_EQ(harness.run_one(request).at(0).tokens, expected_tokens(request));
  EXPECT_FALSE(harness.scheduler.counts().is_failing);
}

TEST(Scheduler, usage_has_the_times_of_the_clock) {
  Harness harness;
  auto stream = harness.add(make_request(make_prompt(1, 4), 3));
  harness.model.before_forward = [&](const model::Batch&) { harness.clock.advance(std::chrono::seconds(1)); };
  harness.clock.advance(std::chrono::seconds(5));
  harness.run({stream});
  EXPECT_EQ(stream->usage().queue_seconds, 5.0);
  EXPECT_EQ(stream->usage().prefill_seconds, 1.0);
  EXPECT_EQ(stream->usage().decode_seconds, 2.0);
}

}  // namespace
}  // namespace sixfold::engine::test
