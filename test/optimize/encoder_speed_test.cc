// The encoder's speed measurement encodes what it says and refuses what cannot be measured.
#include "optimize/encoder_speed.h"

#include <gtest/gtest.h>

#include "core/clock.h"

namespace sixfold::optimize {
namespace {

// Every token takes one millisecond of a clock that only it moves.
class CountingEncoder final : public model::Encoder {
 public:
  explicit CountingEncoder(ManualClock& clock) : clock_(clock) {
    description_.model.vocabulary = 7;
    description_.model.context_max = 64;
    description_.model.width = 2;
    description_.model.layer_work.f32_weights = 250;
  }
  const model::EncoderDescription& description() const override { return description_; }
  std::size_t rows_max() const override { return 64; }
  Status encode(std::span<const model::EncoderText> texts, model::EncoderOutput, std::span<float> out) override {
    EXPECT_EQ(out.size(), texts.size() * 2);
    for (const model::EncoderText& text : texts) {
      for (const model::TokenId token : text.tokens) EXPECT_LT(token, 7);
      tokens += text.tokens.size();
      clock_.advance(std::chrono::milliseconds(text.tokens.size()));
    }
    return ok();
  }

  std::size_t tokens = 0;

 private:
  ManualClock& clock_;
  model::EncoderDescription description_;
};

LimitSample slow_encoder_machine() {
  return {.read_bytes_per_s = 1e6,
          .int8_operations_per_s = {},
          .int16_operations_per_s = {},
          .bf16_operations_per_s = {},
          .f32_operations_per_s = 1e6};
}

TEST(MeasureEncoderSpeed, counts_the_tokens_of_all_texts) {
  ManualClock clock;
  CountingEncoder encoder(clock);
  const auto report = measure_encoder_speed(encoder, {.tokens = 10, .batches = {1, 3}, .repeat = 2},
                                            {clock, slow_encoder_machine, [](std::size_t, std::size_t) {}});
  ASSERT_TRUE(report.is_ok()) << report.error().message;
  EXPECT_EQ(encoder.tokens, 3U * (10 + 30));
  ASSERT_EQ(report->rows.size(), 2U);
  EXPECT_EQ(report->rows[1].kind, SpeedKind::kEncode);
  EXPECT_EQ(report->rows[1].sequences, 3U);
  EXPECT_NEAR(report->rows[1].tokens_per_s.median, 1000, 1e-6);
  // 500 operations a token at 1e6 a second are half of the millisecond that the token took.
  EXPECT_NEAR(*report->rows[0].share, 0.5, 1e-9);
}

TEST(MeasureEncoderSpeed, refuses_what_does_not_fit_the_model) {
  ManualClock clock;
  CountingEncoder encoder(clock);
  const auto is_refused = [&](const EncoderSpeedOptions& options) {
    return !measure_encoder_speed(encoder, options, {clock, slow_encoder_machine, [](std::size_t, std::size_t) {}})
                .is_ok();
  };
  EXPECT_TRUE(is_refused({.tokens = 65}));
  EXPECT_TRUE(is_refused({.tokens = 0}));
  EXPECT_TRUE(is_refused({.tokens = 8, .batches = {}}));
  EXPECT_TRUE(is_refused({.tokens = 8, .batches = {1, 0}}));
  EXPECT_TRUE(is_refused({.tokens = 8, .repeat = 0}));
  EXPECT_EQ(encoder.tokens, 0U);
}

}  // namespace
}  // namespace sixfold::optimize
