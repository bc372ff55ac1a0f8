// The speed measurement runs the whole workload and refuses what cannot be measured.
#include "optimize/speed.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/clock.h"
#include "model/model.h"

namespace sixfold::optimize {
namespace {

// Counts what it is asked to compute; every row takes one millisecond of a clock that only it moves.
class CountingModel final : public model::Model {
 public:
  explicit CountingModel(ManualClock& clock, const model::MatrixWork& layer_work = {}) : clock_(clock) {
    description_.layer_work = layer_work;
    description_.vocabulary = 7;
    description_.context_max = 64;
  }
  const model::ModelDescription& description() const override { return description_; }
  model::KvShape kv_shape(kernels::KvDType dtype) const override {
    return {.layers = 1, .kv_heads = 1, .head_dim = 8, .page_tokens = 32, .dtype = dtype};
  }
  std::size_t rows_max() const override { return 16; }
  Status forward(const model::Batch& batch, model::KvPages& kv, std::span<float> logits) override {
    std::size_t wanting = 0;
    for (const model::BatchRow& row : batch.rows) {
      EXPECT_LT(row.token, 7);
      EXPECT_GT(batch.pages[row.sequence].size() * 32, row.position);
      wanting += row.wants_logits ? 1 : 0;
    }
    EXPECT_EQ(logits.size(), wanting * 7);
    first_key = std::abs(reinterpret_cast<const float*>(kv.layer(0).k(batch.pages[0][0], 0))[0]);
    rows += batch.rows.size();
    clock_.advance(std::chrono::milliseconds(batch.rows.size()));
    return ok();
  }

  std::size_t rows = 0;
  float first_key = 0;  // the first element of the first key that the newest call found in its pages, if f32

 private:
  ManualClock& clock_;
  model::ModelDescription description_;
};

// A machine that reads 1 MB/s, for free.
LimitSample slow_machine() {
  return {.read_bytes_per_s = 1e6,
          .int8_operations_per_s = {},
          .int16_operations_per_s = {},
          .bf16_operations_per_s = {},
          .f32_operations_per_s = 1e6};
}

TEST(MeasureSpeed, counts_the_tokens_of_all_sequences) {
  ManualClock clock;
  CountingModel model(clock);
  std::size_t reports = 0;
  const auto report = measure_speed(model, {.prompts = {20, 10}, .batches = {1, 3}, .generate = 5, .repeat = 2},
                                    {clock, slow_machine, [&](std::size_t done, std::size_t total) {
                                       EXPECT_EQ(total, 12u);
                                       EXPECT_EQ(done, reports);
                                       ++reports;
                                     }});
  ASSERT_TRUE(report.is_ok()) << report.error().message;
  EXPECT_EQ(reports, 13u);
  EXPECT_EQ(model.rows, 3 * (20 + 10 + 5 * 1 + 5 * 3));
  ASSERT_EQ(report->rows.size(), 4u);
  for (const SpeedRow& row : report->rows) EXPECT_NEAR(row.tokens_per_s.median, 1000, 1e-6);
  EXPECT_EQ(report->rows[1].kind, SpeedKind::kPrefill);
  EXPECT_EQ(report->rows[1].tokens, 10u);
  EXPECT_EQ(report->rows[3].kind, SpeedKind::kDecode);
  EXPECT_EQ(report->rows[3].sequences, 3u);
}

TEST(MeasureSpeed, fills_the_caches_to_the_depth_without_computing_it) {
  ManualClock clock;
  CountingModel model(clock);
  const auto report = measure_speed(
      model,
      {.prompts = {}, .batches = {2}, .generate = 4, .depth = 30, .repeat = 3, .kv_dtype = kernels::KvDType::kF32},
      {clock, slow_machine, [](std::size_t, std::size_t) {}});
  ASSERT_TRUE(report.is_ok()) << report.error().message;
  EXPECT_EQ(model.rows, 4 * 4 * 2);  // nothing is computed for the depth
  EXPECT_GT(model.first_key, 0);
}

TEST(MeasureSpeed, holds_the_speed_against_what_the_machine_allows) {
  ManualClock clock;
  CountingModel model(clock, {.bytes = 500, .f32_weights = 250});
  const auto report = measure_speed(model, {.prompts = {10}, .batches = {1, 2}, .generate = 4, .repeat = 1},
                                    {clock, slow_machine, [](std::size_t, std::size_t) {}});
  ASSERT_TRUE(report.is_ok()) << report.error().message;
  // A prefill: 500 operations a token at 1e6 a second are half of the millisecond that the token took.
  EXPECT_NEAR(*report->rows[0].limit_tokens_per_s, 2000, 1e-6);
  EXPECT_NEAR(*report->rows[0].share, 0.5, 1e-9);
  // A decode: 500 bytes a step, and 40 more (two vectors of eight 16-bit codes and their scale) for each cached token.
  const double cached = 40 * (1 + 2 + 3 + 4);
  EXPECT_EQ(report->rows[1].limit, SpeedLimit::kBytes);
  EXPECT_NEAR(*report->rows[1].share, (4 * 500 + cached) / 1e6 / 0.004, 1e-9);
  // Two sequences: the weights once, all else twice.
  EXPECT_EQ(report->rows[2].limit, SpeedLimit::kBytesAndOperations);
  EXPECT_NEAR(*report->rows[2].share, (4 * 500 + 2 * cached + 8 * 500) / 1e6 / 0.008, 1e-9);
  EXPECT_EQ(report->machine.read_bytes_per_s, 1e6);
}

TEST(MeasureSpeed, names_no_limit_where_the_machine_has_none) {
  ManualClock clock;
  CountingModel model(clock, {.bytes = 500, .int8_weights = 250});
  const auto report = measure_speed(model, {.prompts = {10}, .batches = {1}, .generate = 4, .repeat = 1},
                                    {clock, slow_machine, [](std::size_t, std::size_t) {}});
  ASSERT_TRUE(report.is_ok()) << report.error().message;
  EXPECT_FALSE(report->rows[0].share.has_value());
  EXPECT_TRUE(report->rows[1].share.has_value());
}

TEST(MeasureSpeed, refuses_what_does_not_fit_the_model) {
  ManualClock clock;
  CountingModel model(clock);
  const auto is_refused = [&](const SpeedOptions& options) {
    return !measure_speed(model, options, {clock, slow_machine, [](std::size_t, std::size_t) {}}).is_ok();
  };
  EXPECT_TRUE(is_refused({.prompts = {65}, .generate = 4}));
  EXPECT_TRUE(is_refused({.prompts = {8}, .generate = 4, .depth = 60}));
  EXPECT_TRUE(is_refused({.prompts = {8}, .batches = {1, 17}, .generate = 4}));
  EXPECT_TRUE(is_refused({.prompts = {0}, .generate = 4}));
  EXPECT_TRUE(is_refused({.prompts = {8}, .generate = 0}));
  EXPECT_TRUE(is_refused({.prompts = {}, .batches = {}}));
  EXPECT_EQ(model.rows, 0u);
}

}  // namespace
}  // namespace sixfold::optimize
