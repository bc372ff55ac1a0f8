// Requests of many threads become steps of one encoder; every text gets its own output.
#include "engine/encoder_engine.h"

#include <gtest/gtest.h>

#include <future>
#include <mutex>

#include "core/error.h"

namespace sixfold::engine {
namespace {

// A text's output is the sum of its tokens and their number.  A call waits at the gate while that is shut.
class SumEncoder final : public model::Encoder {
 public:
  SumEncoder() {
    description_.model.vocabulary = 100;
    description_.model.context_max = 64;
    description_.model.width = 2;
  }
  const model::EncoderDescription& description() const override { return description_; }
  std::size_t rows_max() const override { return 64; }
  Status encode(std::span<const model::EncoderText> texts, model::EncoderOutput, std::span<float> out) override {
    const std::lock_guard lock(gate);
    if (fails) return internal_error("broken");
    texts_of_step.push_back(texts.size());
    for (const model::EncoderText& text : texts) {
      float sum = 0;
      for (const TokenId token : text.tokens) sum += static_cast<float>(token);
      out[0] = sum;
      out[1] = static_cast<float>(text.tokens.size());
      out = out.subspan(2);
    }
    return ok();
  }

  std::mutex gate;
  bool fails = false;                      // guarded by gate
  std::vector<std::size_t> texts_of_step;  // guarded by gate

 private:
  model::EncoderDescription description_;
};

struct RunningEncoder {
  explicit RunningEncoder(EncoderEngineOptions options = {}) {
    auto made = std::make_unique<SumEncoder>();
    encoder = made.get();
    auto started = EncoderEngine::start(std::move(made), options, nullptr, nullptr);
    EXPECT_TRUE(started.is_ok());
    engine = std::move(started).value();
    encoder->texts_of_step.clear();  // the self test's
  }

  // The outputs, when they are there.
  std::future<Result<EncoderOutputs>> submit(std::vector<std::vector<TokenId>> texts, std::stop_token stop = {}) {
    EncoderRequest request{.stop = std::move(stop)};
    for (auto& tokens : texts) request.texts.push_back({std::move(tokens)});
    auto promise = std::make_shared<std::promise<Result<EncoderOutputs>>>();
    request.done = [promise](Result<EncoderOutputs> outputs) { promise->set_value(std::move(outputs)); };
    const Status accepted = engine->submit(std::move(request));
    if (!accepted) promise->set_value(accepted.error());
    return promise->get_future();
  }

  SumEncoder* encoder;
  std::unique_ptr<EncoderEngine> engine;
};

TEST(EncoderEngine, answers_in_the_order_of_the_texts) {
  RunningEncoder running;
  const auto outputs = running.submit({{1, 2}, {5}, {7, 8, 9}}).get();
  ASSERT_TRUE(outputs.is_ok());
  EXPECT_EQ(*outputs, (EncoderOutputs{{3, 2}, {5, 1}, {24, 3}}));
  EXPECT_TRUE(running.submit({}).get()->empty());
}

TEST(EncoderEngine, short_requests_do_not_wait_for_long_ones) {
  RunningEncoder running;
  std::unique_lock gate(running.encoder->gate);
  auto first = running.submit({{1}});
  auto many = running.submit(std::vector<std::vector<TokenId>>(50, {2}));
  auto few = running.submit({{3}});
  gate.unlock();
  EXPECT_EQ(*few.get(), (EncoderOutputs{{3, 1}}));
  EXPECT_EQ(many.get()->size(), 50U);
  EXPECT_TRUE(first.get().is_ok());
  const std::lock_guard lock(running.encoder->gate);
  // Two texts fill a pass of 64 rows, as each takes 32.
  for (const std::size_t texts : running.encoder->texts_of_step) EXPECT_LE(texts, 2U);
}

TEST(EncoderEngine, refuses_bad_texts_and_says_why) {
  RunningEncoder running;
  const auto error_of = [&](std::vector<std::vector<TokenId>> texts) {
    const auto outputs = running.submit(std::move(texts)).get();
    EXPECT_FALSE(outputs.is_ok());
    return outputs.is_ok() ? Error{} : outputs.error();
  };
  EXPECT_EQ(error_of({{1}, {}}).message, "text 1: no tokens, want at least 1");
  EXPECT_EQ(error_of({{100}}).message, "text 0: token 100, want 0 to 99");
  EXPECT_EQ(error_of({{-1}}).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of({std::vector<TokenId>(65, 1)}).message, "context length 64 exceeded: text 0 has 65 tokens");
  EncoderRequest scores{.output = model::EncoderOutput::kScores};
  EXPECT_FALSE(running.engine->submit(std::move(scores)).is_ok());
  EXPECT_EQ(running.engine->status().requests_open, 0U);
}

TEST(EncoderEngine, a_full_queue_refuses) {
  RunningEncoder running({.queue_max = 2});
  std::unique_lock gate(running.encoder->gate);
  auto a = running.submit({{1}});
  auto b = running.submit({{2}});
  const auto refused = running.submit({{3}}).get();
  gate.unlock();
  ASSERT_FALSE(refused.is_ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
  EXPECT_TRUE(a.get().is_ok());
  EXPECT_TRUE(b.get().is_ok());
}

TEST(EncoderEngine, a_request_that_nobody_wants_is_dropped) {
  RunningEncoder running;
  std::stop_source stop;
  std::unique_lock gate(running.encoder->gate);
  auto first = running.submit({{1}});
  auto unwanted = running.submit({{2}, {3}, {4}}, stop.get_token());
  stop.request_stop();
  gate.unlock();
  EXPECT_TRUE(first.get().is_ok());
  EXPECT_FALSE(unwanted.get().is_ok());
}

TEST(EncoderEngine, a_failing_encoder_fails_its_requests_and_goes_on) {
  RunningEncoder running;
  {
    const std::lock_guard lock(running.encoder->gate);
    running.encoder->fails = true;
  }
  EXPECT_EQ(running.submit({{1}}).get().error().message, "broken");
  {
    const std::lock_guard lock(running.encoder->gate);
    running.encoder->fails = false;
  }
  EXPECT_TRUE(running.submit({{1}}).get().is_ok());
}

TEST(EncoderEngine, stopping_finishes_what_runs_and_refuses_the_rest) {
  RunningEncoder running;
  auto accepted = running.submit({{1}});
  EXPECT_TRUE(running.engine->stop(60'000));
  EXPECT_TRUE(accepted.get().is_ok());
  EXPECT_EQ(running.submit({{1}}).get().error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(running.engine->status().is_ready);
}

TEST(EncoderEngine, ending_the_engine_answers_everybody) {
  std::future<Result<EncoderOutputs>> waiting;
  {
    RunningEncoder running;
    waiting = running.submit(std::vector<std::vector<TokenId>>(1000, {1}));
  }
  (void)waiting.get();  // with outputs or an error, but with one of them
}

}  // namespace
}  // namespace sixfold::engine
