// Rounding to quantized types: how far values move, and what cannot be rounded.  The bits are compared with files of
// the reference in test/model/quantize_on_load_test.cc.
#include "kernels/quantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "kernels/vector_ops.h"

namespace sixfold::kernels {
namespace {

struct QuantizeCase {
  DType dtype;
  float steps;  // between 0 and the largest element
};

class Quantize : public testing::TestWithParam<QuantizeCase> {
 protected:
  // Nothing when refused.
  std::vector<float> rounded(const std::vector<float>& values) const {
    const DType dtype = GetParam().dtype;
    std::vector<std::byte> blocks(row_bytes(dtype, values.size()));
    if (!quantize(dtype, values.data(), values.size(), blocks.data())) return {};
    std::vector<float> back(values.size());
    dequantize(dtype, blocks.data(), back.size(), back.data());
    return back;
  }
};

TEST_P(Quantize, values_move_by_half_a_step_at_most) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal(0, 3);
  for (int round = 0; round < 200; ++round) {
    std::vector<float> values(96);
    for (float& value : values) value = normal(random);
    const std::vector<float> back = rounded(values);
    ASSERT_EQ(back.size(), values.size());
    for (std::size_t first = 0; first < values.size(); first += 32) {
      float largest = 0;
      for (std::size_t i = first; i < first + 32; ++i) largest = std::max(largest, std::abs(values[i]));
      // A step at the far end, where Q4_0 has one code fewer; and what the scale loses in f16.
      const float step = largest / GetParam().steps;
      for (std::size_t i = first; i < first + 32; ++i) {
        const bool is_end = std::abs(values[i]) > largest - step;
        EXPECT_LE(std::abs(back[i] - values[i]), (is_end ? 1.0f : 0.5f) * step + largest * 0x1p-10f) << values[i];
      }
    }
  }
}

TEST_P(Quantize, steps_come_back_as_they_were) {
  std::vector<float> values(32);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 15) - 8;
  values[3] = -GetParam().steps;
  EXPECT_EQ(rounded(values), values);
}

TEST_P(Quantize, nothing_and_next_to_nothing_become_zero) {
  EXPECT_EQ(rounded(std::vector<float>(32)), std::vector<float>(32));
  const std::vector<float> tiny = rounded(std::vector<float>(32, std::numeric_limits<float>::denorm_min()));
  EXPECT_EQ(tiny, std::vector<float>(32));
}

TEST_P(Quantize, refuses_what_no_block_can_hold) {
  for (const float bad : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                          std::numeric_limits<float>::quiet_NaN(), 1e9f}) {
    for (const std::size_t place : {0, 17, 63}) {
      std::vector<float> values(64, 1);
      values[place] = bad;
      EXPECT_TRUE(rounded(values).empty()) << bad << " at " << place;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, Quantize,
                         testing::Values(QuantizeCase{DType::kQ8_0, 127}, QuantizeCase{DType::kQ4_0, 8}),
                         [](const auto& tested) { return std::string(dtype_info(tested.param.dtype).name); });

// Nothing when refused.
std::vector<float> as_bf16(const std::vector<float>& values) {
  std::vector<std::byte> bytes(2 * values.size());
  if (!quantize(DType::kBF16, values.data(), values.size(), bytes.data())) return {};
  std::vector<float> back(values.size());
  dequantize(DType::kBF16, bytes.data(), back.size(), back.data());
  return back;
}

TEST(QuantizeBf16, rounds_to_nearest_even) {
  const float step = 0x1p-7f;  // between 1 and 2
  EXPECT_EQ(as_bf16({0, -0.0f, 1, -1.5f, 0x1p-130f}), (std::vector<float>{0, -0.0f, 1, -1.5f, 0x1p-130f}));
  EXPECT_EQ(as_bf16({1 + 0.5f * step, 1 + 1.5f * step, 1 + 0.51f * step, -1 - 0.49f * step}),
            (std::vector<float>{1, 1 + 2 * step, 1 + step, -1}));
  std::mt19937 random(1);
  std::normal_distribution<float> normal(0, 3);
  std::vector<float> values(1001);
  for (float& value : values) value = normal(random);
  const std::vector<float> back = as_bf16(values);
  ASSERT_EQ(back.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_LE(std::abs(back[i] - values[i]), std::abs(values[i]) * 0x1p-8f);
  }
}

TEST(QuantizeBf16, refuses_what_is_not_finite_or_would_not_be) {
  for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(),
                          std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest()}) {
    EXPECT_TRUE(as_bf16({1, bad, 1}).empty()) << bad;
  }
  EXPECT_EQ(as_bf16({0x1.fep127f}), std::vector<float>{0x1.fep127f});  // the largest there is
}

}  // namespace
}  // namespace sixfold::kernels
