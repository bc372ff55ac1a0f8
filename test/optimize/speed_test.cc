// The speed measurement runs the whole workload and refuses what cannot be measured.
#include "optimize/speed.h"

#include <gtest/gtest.h>

#include "core/clock.h"
#include "model/model.h"

namespace sixfold::optimize {
namespace {

// Counts what it is asked to compute; every row takes one millisecond of a clock that only it moves.
class CountingModel final : public model::Model {
 public:
  explicit CountingModel(ManualClock& clock) : clock_(clock) {
    description_.vocabulary = 7;
    description_.context_max = 64;
  }
  const model::ModelDescription& description() const override { return description_; }
  model::KvShape kv_shape(kernels::KvDType dtype) const override {
    return {.layers = 1, .kv_heads = 1, .head_dim = 8, .page_tokens = 4, .dtype = dtype};
  }
  std::size_t rows_max() const override { return 16; }
  Status forward(const model::Batch& batch, model::KvPages&, std::span<float> logits) override {
    std::size_t wanting = 0;
    for (const model::BatchRow& row : batch.rows) {
      EXPECT_LT(row.token, 7);
      EXPECT_GT(batch.pages[row.sequence].size() * 4, row.position);
      wanting += row.wants_logits ? 1 : 0;
    }
    EXPECT_EQ(logits.size(), wanting * 7);
    rows += batch.rows.size();
    clock_.advance(std::chrono::milliseconds(batch.rows.size()));
    return ok();
  }

  std::size_t rows = 0;

 private:
  ManualClock& clock_;
  model::ModelDescription description_;
};

TEST(MeasureSpeed, counts_the_tokens_of_all_sequences) {
  ManualClock clock;
  CountingModel model(clock);
  std::size_t reports = 0;
  const auto report = measure_speed(model, {.prompt = 20, .generate = 5, .batch = 3, .repeat = 2}, clock,
                                    [&](std::size_t, std::size_t total) {
                                      EXPECT_EQ(total, 3u);
                                      ++reports;
                                    });
  ASSERT_TRUE(report.is_ok()) << report.error().message;
  EXPECT_EQ(reports, 3u);
  // Two further prompts are read once; then three runs of a prompt and five steps of three sequences.
  EXPECT_EQ(model.rows, 2 * 20 + 3 * (20 + 5 * 3));
  EXPECT_NEAR(report->prefill_tokens_per_s.median, 1000, 1e-6);
  EXPECT_NEAR(report->decode_tokens_per_s.median, 1000, 1e-6);
}

TEST(MeasureSpeed, refuses_what_does_not_fit_the_model) {
  ManualClock clock;
  CountingModel model(clock);
  const auto ignore = [](std::size_t, std::size_t) {};
  EXPECT_FALSE(measure_speed(model, {.prompt = 60, .generate = 5}, clock, ignore).is_ok());
  EXPECT_FALSE(measure_speed(model, {.prompt = 8, .generate = 4, .batch = 17}, clock, ignore).is_ok());
  EXPECT_FALSE(measure_speed(model, {.prompt = 0, .generate = 4}, clock, ignore).is_ok());
}

TEST(SpreadOf, takes_the_middle_and_the_ends) {
  const Spread odd = spread_of({3, 1, 2});
  EXPECT_EQ(odd.median, 2);
  EXPECT_EQ(odd.smallest, 1);
  EXPECT_EQ(odd.largest, 3);
  EXPECT_EQ(spread_of({4, 1, 2, 3}).median, 2.5);
}

}  // namespace
}  // namespace sixfold::optimize
