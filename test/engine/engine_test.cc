// The engine with its thread: admission, refusal, cancelling, draining, readiness, and many clients at once.
#include "engine/engine.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "engine/self_test.h"
#include "harness.h"

namespace sixfold::engine::test {
namespace {

// Lets the engine thread into forward() only while it is open.
class Gate {
 public:
  void open() { set(true); }
  void close() { set(false); }
  void pass() {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return is_open_; });
  }
  // Waits until somebody stands at the closed gate, or went through.
  void wait_for_arrivals(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return arrived_ >= count; });
  }

 private:
  void set(bool is_open) {
    const std::lock_guard lock(mutex_);
    is_open_ = is_open;
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = true;
  int arrived_ = 0;
};

struct Running {
  std::unique_ptr<Engine> engine;
  PageModel* model = nullptr;
};

Running start_engine(const EngineOptions& options = {}, const PageModelOptions& model_options = {},
                     const Clock* clock = nullptr, telemetry::Metrics* metrics = nullptr) {
  auto model = std::make_unique<PageModel>(model_options);
  PageModel* const raw = model.get();
  auto engine = Engine::start(std::move(model), std::make_shared<LetterTokenizer>(), options, metrics, clock);
  EXPECT_TRUE(engine.is_ok()) << (engine ? "" : engine.error().message);
  return {std::move(engine).value(), raw};
}

Answers read_answers(TokenStream& stream) {
  Answers answers;
  while (const auto event = stream.next()) add_event(answers, *event);
  return answers;
}

TEST(Engine, answers_what_the_history_says) {
  const Running running = start_engine();
  const EngineRequest request = make_request(make_prompt(1, 11), 20);
  const auto stream = running.engine->submit(request).value();
  EXPECT_EQ(read_answers(*stream).at(0).tokens, expected_tokens(request));
  EXPECT_EQ(stream->usage().generated_tokens, 20u);
}

TEST(Engine, is_ready_after_the_self_test_and_idle_without_work) {
  const Running running = start_engine();
  EXPECT_EQ(running.model->forwards, 1u);
  const EngineStatus status = running.engine->status();
  EXPECT_TRUE(status.is_ready);
  EXPECT_EQ(status.pages_used, 0u);
  EXPECT_EQ(status.requests_running + status.requests_waiting, 0u);
}

TEST(Engine, tests_a_model_once) {
  const Running running = start_engine({.is_model_tested = true});
  EXPECT_EQ(running.model->forwards, 0u);
  EXPECT_TRUE(running.engine->status().is_ready);
  // The token to begin with need not be one of the model's.
  for (const TokenId first : {TokenId{0}, TokenId{-1}, TokenId{1} << 20}) {
    PageModel model(PageModelOptions{});
    EXPECT_TRUE(self_test(model, kernels::KvDType::kI16, first).is_ok()) << first;
    EXPECT_EQ(model.forwards, 1u);
  }
}

TEST(Engine, does_not_start_when_the_self_test_fails) {
  auto model = std::make_unique<PageModel>(PageModelOptions{});
  model->fails = true;
  const auto failed = Engine::start(std::move(model), std::make_shared<LetterTokenizer>(), {}, nullptr, nullptr);
  ASSERT_FALSE(failed.is_ok());
  EXPECT_EQ(failed.error().message, "self test: forward failed");
  const auto mute = Engine::start(std::make_unique<PageModel>(PageModelOptions{.poison = 0}),
                                  std::make_shared<LetterTokenizer>(), {}, nullptr, nullptr);
  ASSERT_FALSE(mute.is_ok());
  EXPECT_EQ(mute.error().message, "self test: model produced no finite logit");
}

TEST(Engine, fills_in_defaults_and_refuses_impossible_options) {
  const Running running = start_engine({}, {.context = 100, .rows_max = 8});
  EXPECT_EQ(running.engine->options().context, 100u);
  EXPECT_EQ(running.engine->options().sequences_max, 8u);
  EXPECT_EQ(running.engine->options().kv_tokens, 400u);
  const auto message = [](const EngineOptions& options) {
    auto result = Engine::start(std::make_unique<PageModel>(PageModelOptions{.context = 100}),
                                std::make_shared<LetterTokenizer>(), options, nullptr, nullptr);
    return result ? std::string("started") : result.error().message;
  };
  EXPECT_EQ(message({.context = 101}), "context: 101 tokens, the model was made for 100");
  EXPECT_EQ(message({.context = 1}), "context: 1 tokens, want 2 to 16777216");
  EXPECT_EQ(message({.sequences_max = 0}), "sequences_max: 0, want at least 1");
  EXPECT_EQ(message({.prefill_chunk = 0}), "prefill_chunk: 0 tokens, want at least 1");
  EXPECT_EQ(message({.queue_max = 5000}), "queue_max: 5000 requests, want 1 to 1024");
  EXPECT_EQ(message({.kv_tokens = 1}), "kv_tokens: 1, want 2 to 68719476736");
}

TEST(Engine, refuses_requests_that_cannot_be_answered) {
  const Running running = start_engine({.context = 50, .kv_tokens = 30});
  const auto error = [&](auto change) {
    EngineRequest request = make_request(make_prompt(1, 5), 5);
    change(request);
    const auto result = running.engine->submit(std::move(request));
    return result ? Error{ErrorCode::kInternal, "accepted"} : result.error();
  };
  EXPECT_EQ(error([](auto& r) { r.prompt.clear(); }).message, "prompt: no tokens, want at least 1");
  EXPECT_EQ(error([](auto& r) { r.prompt[2] = 64; }).message, "prompt: token 64, want 0 to 63");
  EXPECT_EQ(error([](auto& r) { r.prompt[2] = -1; }).message, "prompt: token -1, want 0 to 63");
  EXPECT_EQ(error([](auto& r) { r.prompt.assign(50, 3); }).message,
            "context length 50 exceeded: 50 prompt tokens and one to generate");
  EXPECT_EQ(error([](auto& r) { r.prompt.assign(40, 3); }).message,
            "context length 32 exceeded (the whole key/value cache): 40 prompt tokens and one to generate");
  EXPECT_EQ(error([](auto& r) { r.sampling.top_p = 2; }).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error([](auto& r) { r.sampling.logit_bias = {{64, 1.0f}}; }).message, "logit_bias: token 64, want 0 to 63");
  EXPECT_EQ(error([](auto& r) { r.choices = 0; }).message, "n: 0 choices, want 1 to 128");
  EXPECT_EQ(error([](auto& r) { r.choices = 129; }).message, "n: 129 choices, want 1 to 128");
  EXPECT_EQ(error([](auto& r) { r.logprobs = 21; }).message, "logprobs: 21 alternatives, want at most 20");
  EXPECT_EQ(error([](auto& r) { r.stop = {""}; }).message, "stop: a string of 0 bytes, want 1 to 1024");
  EXPECT_EQ(error([](auto& r) { r.stop.assign(17, "x"); }).message, "stop: 17 strings, want at most 16");
  EXPECT_EQ(error([](auto& r) { r.stop = {"\xA9"}; }).message,
            "stop: a string that begins in the middle of a UTF-8 character");
  EXPECT_EQ(error([](auto&) {}).message, "accepted");
}

TEST(Engine, the_request_beyond_the_queue_is_refused_and_later_ones_are_not) {
  const Running running = start_engine({.sequences_max = 1, .queue_max = 2});
  Gate gate;
  gate.close();
  running.model->before_forward = [&](const model::Batch&) { gate.pass(); };
  const EngineRequest request = make_request(make_prompt(1, 5), 5);
  std::vector<std::shared_ptr<TokenStream>> streams;
  for (int count = 0; count < 3; ++count) streams.push_back(running.engine->submit(request).value());
  const auto refused = running.engine->submit(request);
  ASSERT_FALSE(refused.is_ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
  gate.open();
  for (const auto& stream : streams) EXPECT_EQ(read_answers(*stream).at(0).tokens, expected_tokens(request));
  // The last event comes a moment before the place is free.
  while (!running.engine->submit(request)) std::this_thread::yield();
  running.engine->stop(60'000);
}

TEST(Engine, cancel_while_the_engine_is_busy_ends_the_stream) {
  const Running running = start_engine();
  Gate gate;
  gate.close();
  running.model->before_forward = [&](const model::Batch&) { gate.pass(); };
  const auto stream = running.engine->submit(make_request(make_prompt(1, 5), 1000)).value();
  gate.wait_for_arrivals(1);
  stream->cancel();
  gate.open();
  EXPECT_EQ(read_answers(*stream).at(0).finish, FinishReason::kCancelled);
  running.engine->stop(60'000);
  EXPECT_EQ(running.engine->status().pages_used, 0u);
}

TEST(Engine, a_sleeping_engine_hears_the_reader_of_a_full_stream) {
  const Running running = start_engine();
  const EngineRequest request = make_request(make_prompt(1, 5), 1000);
  const auto stream = running.engine->submit(request).value();
  while (running.engine->status().steps < limits::kTokenStreamMax) std::this_thread::yield();
  EXPECT_EQ(read_answers(*stream).at(0).tokens, expected_tokens(request));
  const auto paused = running.engine->submit(request).value();
  while (running.engine->status().steps < 1000 + limits::kTokenStreamMax) std::this_thread::yield();
  paused->cancel();
  EXPECT_EQ(read_answers(*paused).at(0).finish, FinishReason::kCancelled);
}

TEST(Engine, stop_finishes_what_runs_and_refuses_what_comes) {
  const Running running = start_engine();
  const EngineRequest request = make_request(make_prompt(1, 5), 100);
  const auto stream = running.engine->submit(request).value();
  EXPECT_TRUE(running.engine->stop(60'000));
  EXPECT_EQ(read_answers(*stream).at(0).tokens, expected_tokens(request));
  const auto refused = running.engine->submit(request);
  ASSERT_FALSE(refused.is_ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(running.engine->stop(0)) << "again does no harm";
}

TEST(Engine, stop_cuts_what_takes_too_long) {
  const Running running = start_engine();
  Gate gate;
  gate.close();
  running.model->before_forward = [&](const model::Batch&) { gate.pass(); };
  const auto runs = running.engine->submit(make_request(make_prompt(1, 5), 1000)).value();
  gate.wait_for_arrivals(1);
  const auto waits = running.engine->submit(make_request(make_prompt(2, 5), 1000)).value();
  bool was_clean = true;
  std::thread stopper([&] { was_clean = running.engine->stop(0); });
  while (running.engine->submit(make_request(make_prompt(3, 5), 1))) std::this_thread::yield();  // until it is closed
  gate.open();
  stopper.join();
  EXPECT_FALSE(was_clean);
  EXPECT_EQ(read_answers(*runs).at(0).finish, FinishReason::kCancelled);
  EXPECT_EQ(read_answers(*waits).at(0).finish, FinishReason::kCancelled);
}

TEST(Engine, streams_outlive_the_engine) {
  std::shared_ptr<TokenStream> stream;
  {
    const Running running = start_engine();
    stream = running.engine->submit(make_request(make_prompt(1, 5), 2000)).value();
  }
  stream->cancel();
  EXPECT_EQ(read_answers(*stream).at(0).finish, FinishReason::kCancelled);
}

TEST(Engine, is_not_ready_while_a_step_takes_too_long) {
  ManualClock clock;
  const Running running = start_engine({.stall_ms = 30'000}, {}, &clock);
  clock.advance(std::chrono::seconds(100));
  EXPECT_TRUE(running.engine->status().is_ready) << "nothing to do is no stall";
  EXPECT_EQ(running.engine->status().idle_seconds, 0.0);
  Gate gate;
  gate.close();
  running.model->before_forward = [&](const model::Batch&) { gate.pass(); };
  const auto stream = running.engine->submit(make_request(make_prompt(1, 5), 5)).value();
  gate.wait_for_arrivals(1);
  EXPECT_TRUE(running.engine->status().is_ready);
  clock.advance(std::chrono::seconds(31));
  EXPECT_FALSE(running.engine->status().is_ready);
  EXPECT_EQ(running.engine->status().idle_seconds, 31.0);
  gate.open();
  read_answers(*stream);
  running.engine->stop(60'000);
  EXPECT_TRUE(running.engine->status().is_ready);
}

TEST(Engine, tells_the_metrics_what_it_did) {
  telemetry::Metrics metrics("pages");
  const Running running = start_engine({.context = 50}, {}, nullptr, &metrics);
  EngineRequest request = make_request(make_prompt(1, 11), 20);
  read_answers(*running.engine->submit(request).value());
  request.choices = 2;
  read_answers(*running.engine->submit(request).value());
  request.prompt.assign(60, 3);
  EXPECT_FALSE(running.engine->submit(request).is_ok());
  running.engine->stop(60'000);
  const std::string page = metrics.render();
  for (const char* line : {
           R"(sixfold_prompt_tokens_total{model="pages"} 22)",
           R"(sixfold_generated_tokens_total{model="pages"} 60)",
           R"(sixfold_prefix_cache_queries_tokens_total{model="pages"} 22)",
           R"(sixfold_prefix_cache_hits_tokens_total{model="pages"} 8)",
           R"(sixfold_time_to_first_token_seconds_count{model="pages"} 2)",
           R"(sixfold_inter_token_seconds_count{model="pages"} 57)",
           R"(sixfold_request_queue_seconds_count{model="pages"} 2)",
           R"(sixfold_request_generated_tokens_sum{model="pages"} 60)",
           R"(sixfold_requests_finished_total{model="pages",reason="length"} 2)",
           R"(sixfold_requests_rejected_total{model="pages",reason="context_length"} 1)",
           R"(sixfold_engine_step_rows_sum{model="pages"} 71)",
       }) {
    EXPECT_NE(page.find(std::string(line) + "\n"), std::string::npos) << line << "\n" << page;
  }
}

TEST(Engine, many_clients_at_once_all_get_their_own_text) {
  const Running running =
      start_engine({.context = 200, .sequences_max = 8, .kv_tokens = 320, .prefill_chunk = 8, .queue_max = 16});
  constexpr std::uint64_t kClients = 6;
  constexpr std::uint64_t kRequests = 12;
  std::vector<std::thread> clients;
  for (std::uint64_t client = 0; client < kClients; ++client) {
    clients.emplace_back([&, client] {
      for (std::uint64_t number = 0; number < kRequests; ++number) {
        const std::uint64_t dice = splitmix64(client, number);
        EngineRequest request =
            make_request(make_prompt(dice, 1 + dice % 60, number % 2 == 0 ? 20 : 0), 1 + dice % 90, 1.0f);
        request.sampling.seed = dice;
        request.choices = 1 + dice % 3;
        auto submitted = running.engine->submit(request);
        while (!submitted) {  // the queue is full: that is an answer too
          ASSERT_EQ(submitted.error().code, ErrorCode::kResourceExhausted);
          std::this_thread::yield();
          submitted = running.engine->submit(request);
        }
        TokenStream& stream = **submitted;
        if (dice % 7 == 0) {
          stream.next();
          stream.cancel();
          const Answers answers = read_answers(stream);
          EXPECT_LE(answers.size(), request.choices);
          continue;
        }
        const Answers answers = read_answers(stream);
        for (const auto& [choice, answer] : answers) EXPECT_EQ(answer.tokens, expected_tokens(request, choice));
        EXPECT_EQ(answers.size(), request.choices);
      }
    });
  }
  std::thread watcher([&] {
    for (int count = 0; count < 200; ++count) {
      const EngineStatus status = running.engine->status();
      EXPECT_LE(status.pages_used + status.pages_cached, status.pages_total);
    }
  });
  for (std::thread& client : clients) client.join();
  watcher.join();
  EXPECT_TRUE(running.engine->stop(60'000));
  EXPECT_EQ(running.engine->status().pages_used, 0u);
}

}  // namespace
}  // namespace sixfold::engine::test
