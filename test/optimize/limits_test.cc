// What a model's matrices cost at the least, and what a machine needs for it.
#include "optimize/limits.h"

#include <gtest/gtest.h>

#include "core/clock.h"
#include "kernels/isa.h"

namespace sixfold::optimize {
namespace {

model::ModelDescription two_matrices() {
  model::ModelDescription description;
  description.layer_work = {.bytes = 100, .int8_weights = 90, .int16_weights = 0, .bf16_weights = 0, .f32_weights = 5};
  description.output_work = {.bytes = 40, .int8_weights = 0, .int16_weights = 30, .bf16_weights = 20, .f32_weights = 0};
  return description;
}

TEST(MatrixWork, counts_bytes_once_and_operations_for_every_row) {
  const Work work = matrix_work(two_matrices(), 8, 2);
  EXPECT_EQ(work.bytes, 140);
  EXPECT_EQ(work.int8_operations, 2 * 90 * 8);
  EXPECT_EQ(work.f32_operations, 2 * 5 * 8);
  EXPECT_EQ(work.int16_operations, 2 * 30 * 2);
  EXPECT_EQ(work.bf16_operations, 2 * 20 * 2);
  EXPECT_EQ(matrix_work(two_matrices(), 8, 0).bytes, 100);
}

TEST(AttentionOperations, count_every_key_that_each_row_sees) {
  model::ModelDescription description;
  description.attention_width = 10;
  EXPECT_EQ(attention_operations(description, 1, 1), 4 * 10 * 1);
  EXPECT_EQ(attention_operations(description, 3, 6), 4 * 10 * (6 + 7 + 8));
}

TEST(MatrixWork, expects_of_a_mixture_the_experts_that_some_row_chose) {
  model::ModelDescription description;
  description.expert_work = {
      .bytes = 1000, .int8_weights = 1000, .int16_weights = 0, .bf16_weights = 0, .f32_weights = 0};
  description.expert_share_a_row = 0.25;
  EXPECT_DOUBLE_EQ(matrix_work(description, 1, 1).bytes, 250);
  EXPECT_DOUBLE_EQ(matrix_work(description, 2, 1).bytes, 437.5);
  EXPECT_DOUBLE_EQ(matrix_work(description, 2, 1).int8_operations, 2 * 2 * 250);
}

TEST(Seconds, of_bf16_are_those_of_f32_where_nothing_multiplies_bf16) {
  const LimitSample machine = {.read_bytes_per_s = 10,
                               .int8_operations_per_s = {},
                               .int16_operations_per_s = {},
                               .bf16_operations_per_s = {},
                               .f32_operations_per_s = 4};
  Work work;
  work.bytes = 20;
  work.bf16_operations = 8;
  EXPECT_EQ(seconds_for_bytes(work, machine), 2);
  EXPECT_EQ(seconds_for_operations(work, machine), 2.0);
  work.int8_operations = 1;
  EXPECT_FALSE(seconds_for_operations(work, machine).has_value());
}

TEST(SurveyLimits, measures_one_two_and_all_threads) {
  std::size_t reports = 0;
  const auto survey = survey_limits({.threads = 3, .repeat = 1, .memory_bytes = std::size_t{16} << 20}, system_clock(),
                                    [&](std::size_t, std::size_t total) {
                                      EXPECT_EQ(total, 3u);
                                      ++reports;
                                    });
  ASSERT_TRUE(survey.is_ok()) << survey.error().message;
  ASSERT_EQ(survey->size(), 3u);
  EXPECT_EQ(reports, 3u);
  EXPECT_EQ((*survey)[1].threads, 2u);
  EXPECT_EQ((*survey)[2].threads, 3u);
  for (const ThreadLimits& limits : *survey) {
    EXPECT_GT(limits.memory_bytes_per_s.median, 0);
    EXPECT_EQ(limits.int8_operations_per_s.has_value(), kernels::active_isa() != "scalar");
  }
}

}  // namespace
}  // namespace sixfold::optimize
