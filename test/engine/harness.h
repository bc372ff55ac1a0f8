// A scheduler driven by hand, and what it must answer, computed without pages, batches and caches.
#pragma once
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/random.h"
#include "engine/scheduler.h"
#include "letter_tokenizer.h"
#include "page_model.h"

namespace sixfold::engine::test {

// The prompt number `number`, of `size` tokens; the first `shared` of them are the same in all.
inline std::vector<TokenId> make_prompt(std::uint64_t number, std::size_t size, std::size_t shared = 0) {
  std::vector<TokenId> prompt;
  for (std::size_t index = 0; index < size; ++index) {
    prompt.push_back(static_cast<TokenId>(3 + splitmix64(index < shared ? 0 : number + 1, index) % 61));
  }
  return prompt;
}

inline EngineRequest make_request(std::vector<TokenId> prompt, std::size_t tokens_max, float temperature = 0) {
  EngineRequest request;
  request.prompt = std::move(prompt);
  request.tokens_max = tokens_max;
  request.sampling.temperature = temperature;
  request.sampling.seed = 7;
  request.ignores_end = true;
  return request;
}

// The tokens that a choice must have.
inline std::vector<TokenId> expected_tokens(const EngineRequest& request, std::uint32_t choice = 0,
                                            const PageModelOptions& model = {}) {
  std::vector<TokenId> history = request.prompt;
  SamplerState state(request.sampling, request.prompt, choice_key(*request.sampling.seed, choice));
  for (std::size_t count = 0; count < request.tokens_max; ++count) {
    std::vector<float> logits = logits_after(state_of(history), history.size(), model);
    history.push_back(sample(logits, request.sampling, state, {})->token);
    state.add_output(history.back());
    if (!request.ignores_end && history.back() == 0) break;
  }
  history.erase(history.begin(), history.begin() + static_cast<std::ptrdiff_t>(request.prompt.size()));
  return history;
}

// Everything that was read from a stream, per choice.
struct Answer {
  std::vector<TokenId> tokens;
  std::vector<TokenLogprob> logprobs;  // of every step: the chosen token's, then the alternatives
  std::string text;
  FinishReason finish = FinishReason::kNone;
  std::string stop_text;
  std::optional<Error> error;
};
using Answers = std::map<std::uint32_t, Answer>;

inline void add_event(Answers& answers, const TokenEvent& event) {
  Answer& answer = answers[event.choice];
  EXPECT_EQ(answer.finish, FinishReason::kNone) << "an event after the last";
  if (event.token >= 0) answer.tokens.push_back(event.token);
  if (event.chosen) answer.logprobs.push_back(*event.chosen);
  answer.logprobs.insert(answer.logprobs.end(), event.alternatives.begin(), event.alternatives.end());
  answer.text += event.text;
  answer.finish = event.finish;
  answer.stop_text = event.stop_text;
  answer.error = event.error;
}

struct HarnessOptions {
  PageModelOptions model = {};
  std::size_t pages = 256;
  std::size_t sequences_max = 32;
  std::size_t prefill_chunk = 8;
  double step_target_seconds = 0;
  bool has_prefix_cache = true;
  bool has_speculation = false;
};

class Harness {
 public:
  explicit Harness(const HarnessOptions& options = {})
      : model(options.model),
        scheduler(model, model::KvPages::allocate(model.kv_shape(kernels::KvDType::kF32), options.pages).value(),
                  tokenizer,
                  {.context = options.model.context,
                   .sequences_max = options.sequences_max,
                   .prefill_chunk = options.prefill_chunk,
                   .step_target_seconds = options.step_target_seconds,
                   .has_prefix_cache = options.has_prefix_cache,
                   .has_speculation = options.has_speculation},
                  nullptr, clock) {}

  std::shared_ptr<TokenStream> add(const EngineRequest& request) {
    auto stream = std::make_shared<TokenStream>();
    scheduler.add(std::make_shared<RequestState>(request, request.sampling.seed.value_or(0), stream, nullptr, clock));
    return stream;
  }

  // One step, and what must be true after every step.
  bool step() {
    const bool has_advanced = scheduler.step();
    EXPECT_TRUE(scheduler.are_pages_consistent());
    const SchedulerCounts counts = scheduler.counts();
    EXPECT_LE(counts.pages_used + counts.pages_cached, counts.pages_total);
    return has_advanced;
  }

  // Steps until nothing is left to do, reading the streams all along.
  std::vector<Answers> run(const std::vector<std::shared_ptr<TokenStream>>& streams) {
    std::vector<Answers> answers(streams.size());
    bool has_advanced = true;
    while (has_advanced) {
      has_advanced = step();
      for (std::size_t index = 0; index < streams.size(); ++index) {
        while (auto event = streams[index]->try_next()) {
          add_event(answers[index], *event);
          has_advanced = true;  // it may have room again
        }
      }
    }
    for (const auto& stream : streams) EXPECT_TRUE(stream->is_finished());
    EXPECT_EQ(scheduler.counts().pages_used, 0u);
    return answers;
  }
  Answers run_one(const EngineRequest& request) { return run({add(request)}).front(); }

  ManualClock clock;
  LetterTokenizer tokenizer;
  PageModel model;
  Scheduler scheduler;
};

}  // namespace sixfold::engine::test
