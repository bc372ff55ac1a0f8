// Every kernel of every instruction set this machine can run agrees with double arithmetic.
#include "kernels/vector_ops.h"

#include <gtest/gtest.h>

#include <cmath>
#include <iterator>
#include <string>
#include <tuple>

#include "kernels/every_isa.h"
#include "kernels/kernel_checks.h"

namespace sixfold::kernels {
namespace {

class VectorOps : public testing::TestWithParam<std::tuple<std::string, std::size_t>> {};

TEST_P(VectorOps, agrees_with_double_at_every_length) {
  const IsaRow& row = checks::row_named(std::get<0>(GetParam()));
  if (!row.usable()) GTEST_SKIP() << "this CPU does not run " << row.name;
  EXPECT_EQ(checks::kVectorChecks[std::get<1>(GetParam())].run(*row.kernels), "");
}

INSTANTIATE_TEST_SUITE_P(EveryIsa, VectorOps,
                         testing::Combine(testing::ValuesIn(checks::compiled_isas()),
                                          testing::Range(std::size_t{0}, std::size(checks::kVectorChecks))),
                         [](const auto& tested) {
                           return std::get<0>(tested.param) + "_" +
                                  checks::kVectorChecks[std::get<1>(tested.param)].name;
                         });

TEST(VectorOpsEntry, functions_reach_the_active_table) {
  float x[3] = {3, 4, 5};
  const float y[3] = {1, 1, 1};
  add(x, y, 3);
  EXPECT_EQ(x[2], 6.0f);
  EXPECT_EQ(argmax(x, 3), 2u);
  rms_norm(y, x, 0, 3, x);
  EXPECT_FLOAT_EQ(x[0], 4.0f);
  float head[4] = {1, 2, 3, 4};
  const float quarter_turn[4] = {0, 1, 0, 1};
  rope(head, quarter_turn, 2, RopePairing::kInterleaved);
  EXPECT_EQ(head[0], -2.0f);
  rope(head, quarter_turn, 2, RopePairing::kHalves);
  EXPECT_EQ(head[2], -2.0f);
  std::uint16_t halves[3];
  f32_to_f16(y, 3, halves);
  EXPECT_EQ(halves[1], 0x3c00);
  f16_to_f32(halves, 3, x);
  EXPECT_EQ(x[1], 1.0f);
  const float zero[1] = {0};
  float out[1] = {9};
  layer_norm(zero, y, y, 1, 1, out);
  EXPECT_EQ(out[0], 1.0f);
  soft_cap(x, 2, 1);
  EXPECT_NEAR(x[0], 2 * std::tanh(0.5f), 1e-6f);
}

}  // namespace
}  // namespace sixfold::kernels
