// Matrix products of every type on every instruction set this machine has, against double.
#include "kernels/matmul.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/dispatch.h"
#include "kernels/kernel_checks.h"
#include "kernels/matmul_on.h"
#include "kernels/matmul_table.h"
#include "kernels/pack_blocks.h"
#include "kernels/random_weights.h"
#include "kernels/vector_ops.h"
#include "tensor/half.h"

namespace sixfold::kernels {
namespace {

std::vector<const IsaRow*> usable_rows() {
  std::vector<const IsaRow*> rows;
  for (const IsaRow& row : isa_rows()) {
    if (row.usable()) rows.push_back(&row);
  }
  return rows;
}

bool is_plain(DType dtype) {
  return dtype_info(dtype).block_elements == 1;
}

PackedMatrix packed(const RandomWeights& weights, WorkerPool& pool) {
  auto result = PackedMatrix::pack(weights.view(), pool);
  EXPECT_TRUE(result.is_ok());
  return std::move(result).value();
}

// [tokens, weights.rows()]
std::vector<float> product(const IsaRow& isa, WorkerPool& pool, const PackedMatrix& weights, const float* x,
                           std::size_t tokens) {
  std::vector<float> out(tokens * weights.rows(), std::numeric_limits<float>::quiet_NaN());
  Activations activations;
  activations.assign(x, tokens, weights.cols(), weights.cols());
  const MatmulTarget target{.weights = &weights, .out = out.data(), .out_stride = weights.rows()};
  matmul_on(isa, pool, activations, {&target, 1});
  return out;
}

// x as the integer kernels see it: runs of 32 or 256 codes of 8 bits with one f32 scale.
std::vector<double> quantized(const std::vector<float>& x, std::size_t run) {
  std::vector<double> out(x.size());
  for (std::size_t first = 0; first < x.size(); first += run) {
    float largest = 0;
    for (std::size_t i = 0; i < run; ++i) largest = std::max(largest, std::fabs(x[first + i]));
    const float scale = largest / 127.0f;
    for (std::size_t i = 0; i < run; ++i) {
      out[first + i] = static_cast<double>(scale) * std::nearbyint(x[first + i] * (1.0f / scale));
    }
  }
  return out;
}

// Rows of `cols` values as fixed point sees them as inputs: so many of a row have a scale of their own.
std::vector<double> fixed_inputs(const std::vector<float>& x, std::size_t cols, std::size_t run, float code_max) {
  std::vector<double> out(x.size());
  for (std::size_t first = 0, last = 0; first < x.size(); first = last) {
    const std::size_t row = first / cols * cols;
    last = std::min(first + run, row + cols);
    float largest = 0;
    for (std::size_t i = first; i < last; ++i) largest = std::max(largest, std::fabs(x[i]));
    const float scale = largest / code_max;
    for (std::size_t i = first; i < last; ++i) {
      out[i] = static_cast<double>(scale) * std::nearbyint(x[i] * (1.0f / scale));
    }
  }
  return out;
}

// A row as fixed point sees it as weights: multiples of the power of two of which the largest weight has 13 bits.
std::vector<float> fixed_weights(const std::vector<float>& row) {
  std::vector<float> out(row.size());
  for (std::size_t first = 0; first < row.size(); first += 256) {
    const std::size_t last = std::min(first + 256, row.size());
    float largest = 0;
    for (std::size_t i = first; i < last; ++i) largest = std::max(largest, std::fabs(row[i]));
    const float step = std::ldexp(1.0f, std::ilogb(largest) + 1 - 13);
    for (std::size_t i = first; i < last; ++i) out[i] = step * std::nearbyint(row[i] / step);
  }
  return out;
}

// The low byte, signed or not, of values that are multiples of 1 / 2^15 of the power of two above the largest weight of
// 256, or of 1 / kWideMax of the largest input.
double unsigned_low_byte(const std::vector<float>& row, std::size_t i) {
  const std::size_t first = i / 256 * 256;
  float largest = 0;
  for (std::size_t k = first; k < std::min(first + 256, row.size()); ++k)
    largest = std::max(largest, std::fabs(row[k]));
  const double step = std::ldexp(1.0, std::ilogb(largest) + 1 - 15);
  const auto code = static_cast<int>(std::nearbyint(row[i] / step));
  return step * (code & 255);
}
double signed_low_byte(const double* x, std::size_t cols, std::size_t i) {
  const std::size_t first = i / 256 * 256;
  double largest = 0;
  for (std::size_t k = first; k < std::min(first + 256, cols); ++k) largest = std::max(largest, std::fabs(x[k]));
  const double scale = largest / kWideMax;
  const auto code = static_cast<int>(std::nearbyint(x[i] / scale));
  return scale * (code - ((code + 128) & ~255));
}

// x as the dot products of pairs see it.
std::vector<double> rounded_to_bf16(const std::vector<float>& x) {
  std::vector<std::uint16_t> halves(x.size());
  active_isa_row().kernels->f32_to_bf16(x.data(), x.size(), halves.data());
  std::vector<double> out;
  for (const std::uint16_t half : halves) out.push_back(f32_from_bf16(half));
  return out;
}

struct Reference {
  double value = 0;      // sum of products
  double magnitude = 0;  // sum of their absolute values
};

std::vector<std::vector<float>> dequantized_rows(const RandomWeights& weights, DType dtype, std::size_t rows,
                                                 std::size_t cols) {
  std::vector<std::vector<float>> out(rows, std::vector<float>(cols));
  for (std::size_t row = 0; row < rows; ++row) dequantize(dtype, weights.row(row), cols, out[row].data());
  return out;
}

Reference reference(const std::vector<float>& weights, const double* x) {
  Reference sum;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    sum.value += static_cast<double>(weights[k]) * x[k];
    sum.magnitude += std::fabs(static_cast<double>(weights[k]) * x[k]);
  }
  return sum;
}

struct Case {
  const IsaRow* isa;
  DType dtype;
};

class Matmul : public testing::TestWithParam<Case> {
 protected:
  const IsaRow& isa() const { return *GetParam().isa; }
  DType dtype() const { return GetParam().dtype; }

  ActivationForm form() const { return isa().matmul->reads[static_cast<std::size_t>(format_of(dtype()))]; }

  // Weights and inputs as the kernels compute with them.  x: [any, cols]
  std::vector<std::vector<float>> weights_seen(std::vector<std::vector<float>> rows) const {
    if (form() != ActivationForm::kFixed && form() != ActivationForm::kWide) return rows;
    for (std::vector<float>& row : rows) row = fixed_weights(row);
    return rows;
  }
  std::vector<double> inputs_seen(const std::vector<float>& x, std::size_t cols) const {
    if (form() == ActivationForm::kPairs) return rounded_to_bf16(x);
    if (form() == ActivationForm::kFixed) return fixed_inputs(x, cols, kBlock, kFixedMax);
    if (form() == ActivationForm::kWide) return fixed_inputs(x, cols, kWideInputs, kWideMax);
    if (is_plain(dtype())) return {x.begin(), x.end()};
    return quantized(x, dtype_info(dtype()).block_elements);
  }

  // What kernels compute of a row of weights and of inputs as they see them.
  Reference seen_reference(const std::vector<float>& weights, const double* x) const {
    Reference sum = reference(weights, x);
    if (form() != ActivationForm::kWide) return sum;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      sum.value -= unsigned_low_byte(weights, i) * signed_low_byte(x, weights.size(), i);
    }
    return sum;
  }

  void expect_products(std::size_t rows, std::size_t cols, std::size_t tokens, unsigned seed) {
    SCOPED_TRACE(testing::Message() << "[" << rows << ", " << cols << "] times " << tokens << " tokens");
    const RandomWeights weights(dtype(), rows, cols, seed);
    const std::vector<float> x = random_inputs(tokens * cols, seed + 1);
    const std::vector<double> exact(x.begin(), x.end());
    const std::vector<double> seen = inputs_seen(x, cols);
    const auto values = dequantized_rows(weights, dtype(), rows, cols);
    const auto values_seen = weights_seen(values);
    const std::vector<float> out = product(isa(), pool_, packed(weights, pool_), x.data(), tokens);
    double error = 0;
    double signal = 0;
    for (std::size_t t = 0; t < tokens; ++t) {
      for (std::size_t row = 0; row < rows; ++row) {
        const Reference want = seen_reference(values_seen[row], seen.data() + t * cols);
        ASSERT_NEAR(out[t * rows + row], want.value, 2e-6 * want.magnitude) << "token " << t << " row " << row;
        const Reference ideal = reference(values[row], exact.data() + t * cols);
        error += (out[t * rows + row] - ideal.value) * (out[t * rows + row] - ideal.value);
        signal += ideal.value * ideal.value;
      }
    }
    if (tokens * rows >= 16) {
      EXPECT_LE(error, 1e-3 * signal);
    }
  }

  WorkerPool pool_{2};
};

class IntegerMatmul : public Matmul {};

TEST_P(Matmul, equals_double_for_every_row_count) {
  const std::size_t cols = is_plain(dtype()) ? 33 : dtype_info(dtype()).block_elements;
  for (std::size_t rows = 1; rows <= 50; ++rows) expect_products(rows, cols, 1 + rows % 3, static_cast<unsigned>(rows));
}

TEST_P(Matmul, equals_double_for_every_token_count) {
  const std::size_t cols = is_plain(dtype()) ? 8 : dtype_info(dtype()).block_elements;
  for (std::size_t tokens = 1; tokens <= 40; ++tokens) expect_products(17, cols, tokens, static_cast<unsigned>(tokens));
}

TEST_P(Matmul, equals_double_for_many_column_counts) {
  const std::size_t block = dtype_info(dtype()).block_elements;
  for (std::size_t blocks = 1; blocks <= 20; ++blocks) {
    expect_products(19, blocks * block, 5, static_cast<unsigned>(blocks));
  }
  if (is_plain(dtype())) {
    for (const std::size_t cols : std::initializer_list<std::size_t>{63, 64, 65, 127, 128, 129, 172, 1000})
      expect_products(19, cols, 9, 1);
  }
}

TEST_P(Matmul, gives_a_row_the_same_bits_in_every_batch) {
  constexpr std::size_t kRows = 35;
  constexpr std::size_t kTokensMax = 40;
  const std::size_t cols = is_plain(dtype()) ? 131 : 3 * dtype_info(dtype()).block_elements;
  const RandomWeights weights(dtype(), kRows, cols, 7);
  const PackedMatrix matrix = packed(weights, pool_);
  const std::vector<float> x = random_inputs(kTokensMax * cols, 8);
  std::vector<float> alone;
  for (std::size_t t = 0; t < kTokensMax; ++t) {
    const std::vector<float> one = product(isa(), pool_, matrix, x.data() + t * cols, 1);
    alone.insert(alone.end(), one.begin(), one.end());
  }
  for (std::size_t tokens = 1; tokens <= kTokensMax; ++tokens) {
    const std::vector<float> together = product(isa(), pool_, matrix, x.data(), tokens);
    ASSERT_EQ(0, std::memcmp(together.data(), alone.data(), together.size() * sizeof(float))) << tokens << " tokens";
  }
}

// Of several parts, and inputs that are visited several times.
TEST_P(Matmul, large_groups_equal_double_and_give_a_row_the_same_bits) {
  constexpr std::size_t kRows = 18;
  const std::size_t block = is_plain(dtype()) ? 37 : dtype_info(dtype()).block_elements;
  for (const std::size_t blocks : std::initializer_list<std::size_t>{1, 2, 5, 16, 17, 35}) {
    const std::size_t cols = blocks * block;
    const RandomWeights weights(dtype(), kRows, cols, 13);
    const PackedMatrix matrix = packed(weights, pool_);
    for (const std::size_t tokens : std::initializer_list<std::size_t>{64, 109, 430}) {
      const std::vector<float> x = random_inputs(tokens * cols, 14);
      const std::vector<float> together = product(isa(), pool_, matrix, x.data(), tokens);
      for (std::size_t t = 0; t < tokens; t += 9) {
        const std::vector<float> alone = product(isa(), pool_, matrix, x.data() + t * cols, 1);
        ASSERT_EQ(0, std::memcmp(together.data() + t * kRows, alone.data(), kRows * sizeof(float)))
            << cols << " inputs, token " << t << " of " << tokens;
      }
    }
    if (blocks <= 5) expect_products(kRows, cols, 64, static_cast<unsigned>(blocks));
  }
}

TEST_P(Matmul, gives_the_same_bits_with_every_worker_count) {
  constexpr std::size_t kRows = 200;
  const std::size_t cols = is_plain(dtype()) ? 300 : 512;
  const RandomWeights weights(dtype(), kRows, cols, 9);
  for (const std::size_t tokens : std::initializer_list<std::size_t>{1, 7, 60}) {
    const std::vector<float> x = random_inputs(tokens * cols, 10);
    WorkerPool one(1);
    const std::vector<float> want = product(isa(), one, packed(weights, one), x.data(), tokens);
    for (std::size_t workers = 2; workers <= 4; ++workers) {
      WorkerPool pool(workers);
      const std::vector<float> got = product(isa(), pool, packed(weights, pool), x.data(), tokens);
      ASSERT_EQ(0, std::memcmp(want.data(), got.data(), want.size() * sizeof(float))) << workers << " workers";
    }
  }
}

TEST_P(Matmul, survives_inputs_that_are_not_finite_and_keeps_them_in_their_row) {
  const std::size_t cols = is_plain(dtype()) ? 48 : dtype_info(dtype()).block_elements;
  const RandomWeights weights(dtype(), 16, cols, 11);
  const PackedMatrix matrix = packed(weights, pool_);
  std::vector<float> x = random_inputs(4 * cols, 12);
  const std::vector<float> before = product(isa(), pool_, matrix, x.data(), 4);
  x[3] = std::numeric_limits<float>::quiet_NaN();
  x[cols + 5] = std::numeric_limits<float>::infinity();
  for (std::size_t k = 0; k < cols; ++k) x[2 * cols + k] = k % 2 == 0 ? 3e38f : 1e-40f;
  const std::vector<float> after = product(isa(), pool_, matrix, x.data(), 4);
  for (std::size_t row = 0; row < 16; ++row) {
    EXPECT_TRUE(std::isnan(after[row]));
    EXPECT_FALSE(std::isfinite(after[16 + row]));
    EXPECT_EQ(after[3 * 16 + row], before[3 * 16 + row]);
  }
}

// Scales of blocks far apart, within one row and between rows.
TEST_P(Matmul, keeps_the_precision_of_small_rows_beside_large_ones) {
  const std::size_t cols = 2 * dtype_info(dtype()).block_elements;
  const RandomWeights weights(dtype(), 20, cols, 17);
  const auto values = weights_seen(dequantized_rows(weights, dtype(), 20, cols));
  std::vector<float> x = random_inputs(5 * cols, 18);
  constexpr float kFactors[] = {1.0f, 1e-20f, 1e25f, 1e-26f, 1e5f};
  for (std::size_t i = 0; i < x.size(); ++i) x[i] *= kFactors[i / cols] * (i % cols < cols / 2 ? 1.0f : 1e-3f);
  const std::vector<double> seen = inputs_seen(x, cols);
  const std::vector<float> out = product(isa(), pool_, packed(weights, pool_), x.data(), 5);
  for (std::size_t t = 0; t < 5; ++t) {
    for (std::size_t row = 0; row < 20; ++row) {
      const Reference want = seen_reference(values[row], seen.data() + t * cols);
      ASSERT_NEAR(out[t * 20 + row], want.value, 4e-6 * want.magnitude) << "token " << t << " row " << row;
    }
  }
}

TEST_P(Matmul, survives_weights_of_any_bits) {
  const std::size_t cols = 2 * dtype_info(dtype()).block_elements;
  RandomWeights weights(dtype(), 16, cols, 13);
  for (std::size_t i = 0; i < weights.bytes().size(); ++i)
    weights.bytes()[i] = static_cast<std::byte>(i % 3 == 0 ? 0xff : i * 37);
  const PackedMatrix matrix = packed(weights, pool_);
  const std::vector<float> x = random_inputs(3 * cols, 14);
  EXPECT_EQ(product(isa(), pool_, matrix, x.data(), 3).size(), 48u);
}

TEST_P(Matmul, gives_zero_for_zero_inputs) {
  const std::size_t cols = dtype_info(dtype()).block_elements;
  const RandomWeights weights(dtype(), 5, cols, 15);
  const std::vector<float> x(2 * cols, 0.0f);
  for (const float value : product(isa(), pool_, packed(weights, pool_), x.data(), 2)) EXPECT_EQ(value, 0.0f);
}

// Integer products at their extremes: the largest codes, of one sign, against the largest inputs.
TEST_P(IntegerMatmul, does_not_saturate) {
  const std::size_t cols = dtype_info(dtype()).block_elements;
  for (const int fill : {0x00, 0x7f, 0x80, 0xff}) {
    RandomWeights weights(dtype(), 16, cols, 16);
    const std::vector<std::byte> scales = weights.bytes();
    for (std::byte& byte : weights.bytes()) byte = static_cast<std::byte>(fill);
    const std::size_t block_bytes = dtype_info(dtype()).block_bytes;
    for (std::size_t block = 0; block < scales.size(); block += block_bytes) {
      for (const std::size_t offset : scale_offsets(dtype())) {
        std::memcpy(weights.bytes().data() + block + offset, scales.data() + block + offset, 2);
      }
    }
    for (const float sign : {1.0f, -1.0f}) {
      const std::vector<float> x(cols, sign);
      const std::vector<double> exact(x.begin(), x.end());
      const auto values = dequantized_rows(weights, dtype(), 16, cols);
      const std::vector<float> out = product(isa(), pool_, packed(weights, pool_), x.data(), 1);
      for (std::size_t row = 0; row < 16; ++row) {
        const Reference want = reference(values[row], exact.data());
        EXPECT_NEAR(out[row], want.value, 1e-5 * want.magnitude) << "fill " << fill << " row " << row;
      }
    }
  }
}

// All rows of F16 weights with these bits.
PackedMatrix filled_with(std::initializer_list<std::uint16_t> halves, std::size_t cols, WorkerPool& pool) {
  RandomWeights weights(DType::kF16, 16, cols, 50);
  for (std::size_t i = 0; i < 16 * cols; ++i) {
    std::memcpy(weights.bytes().data() + 2 * i, halves.begin() + i % halves.size(), sizeof(std::uint16_t));
  }
  return packed(weights, pool);
}

// The largest codes on both sides, so that the sums of a block are as large as they get.
TEST(FixedPoint, does_not_overflow) {
  WorkerPool pool(1);
  constexpr std::size_t kCols = 512;
  constexpr std::uint16_t kLargest = 0x7bff;  // 65504
  for (const IsaRow* isa : usable_rows()) {
    for (const float x : {1.0f, -1.0f}) {
      const std::vector<float> inputs(kCols, x);
      const double want = 65504.0 * kCols * static_cast<double>(x);
      for (const float got : product(*isa, pool, filled_with({kLargest}, kCols, pool), inputs.data(), 1)) {
        EXPECT_NEAR(got, want, 1e-6 * std::fabs(want)) << isa->name;
      }
    }
    const std::vector<float> inputs(kCols, 1.0f);
    const PackedMatrix turns = filled_with({kLargest, kLargest | 0x8000u}, kCols, pool);
    for (const float got : product(*isa, pool, turns, inputs.data(), 1)) EXPECT_EQ(got, 0.0f) << isa->name;
  }
}

TEST(FixedPoint, takes_inputs_as_large_as_floats_get) {
  WorkerPool pool(1);
  constexpr std::size_t kCols = 64;
  constexpr std::uint16_t kSmall = 0x0400;  // 2^-14
  for (const IsaRow* isa : usable_rows()) {
    const std::vector<float> inputs(kCols, std::numeric_limits<float>::max());
    const double want = kCols * std::ldexp(static_cast<double>(inputs[0]), -14);
    for (const float got : product(*isa, pool, filled_with({kSmall}, kCols, pool), inputs.data(), 1)) {
      EXPECT_NEAR(got, want, 1e-6 * want) << isa->name;
    }
  }
}

TEST(FixedPoint, is_not_finite_where_a_weight_is_not) {
  WorkerPool pool(1);
  for (const IsaRow* isa : usable_rows()) {
    for (const std::uint16_t half : {std::uint16_t{0x7c00}, std::uint16_t{0xfc00}, std::uint16_t{0x7e00}}) {
      RandomWeights weights(DType::kF16, 2, 300, 51);
      std::memcpy(weights.bytes().data() + 2 * 299, &half, sizeof half);
      const std::vector<float> x = random_inputs(300, 52);
      const std::vector<float> got = product(*isa, pool, packed(weights, pool), x.data(), 1);
      EXPECT_FALSE(std::isfinite(got[0])) << isa->name;
      EXPECT_TRUE(std::isfinite(got[1])) << isa->name;
    }
  }
}

std::vector<Case> cases(bool with_plain) {
  std::vector<Case> made;
  for (const IsaRow* isa : usable_rows()) {
    for (const DType dtype : kAllDTypes) {
      if (with_plain || !is_plain(dtype)) made.push_back({isa, dtype});
    }
  }
  return made;
}

std::string case_name(const testing::TestParamInfo<Case>& made) {
  return std::string(made.param.isa->name) + "_" + std::string(dtype_info(made.param.dtype).name);
}

INSTANTIATE_TEST_SUITE_P(every_isa_and_type, Matmul, testing::ValuesIn(cases(true)), case_name);
INSTANTIATE_TEST_SUITE_P(every_isa_and_type, IntegerMatmul, testing::ValuesIn(cases(false)), case_name);

TEST(MatmulTargets, share_one_input_of_every_form) {
  WorkerPool pool(3);
  constexpr std::size_t kCols = 256;
  constexpr std::size_t kTokens = 11;
  const std::vector<float> x = random_inputs(kTokens * kCols, 20);
  const RandomWeights q(DType::kQ4_K, 100, kCols, 21);
  const RandomWeights k(DType::kQ6_K, 20, kCols, 22);
  const RandomWeights v(DType::kF16, 33, kCols, 23);
  const std::vector<PackedMatrix> matrices = [&] {
    std::vector<PackedMatrix> made;
    for (const RandomWeights* weights : {&q, &k, &v}) made.push_back(packed(*weights, pool));
    return made;
  }();
  for (const IsaRow* isa : usable_rows()) {
    // One buffer [tokens, 100 + 20 + 33 + 1]; the last column must stay untouched.
    constexpr std::size_t kStride = 154;
    std::vector<float> out(kTokens * kStride, -1.0f);
    const MatmulTarget targets[] = {{.weights = &matrices[0], .out = out.data(), .out_stride = kStride},
                                    {.weights = &matrices[1], .out = out.data() + 100, .out_stride = kStride},
                                    {.weights = &matrices[2], .out = out.data() + 120, .out_stride = kStride}};
    Activations activations;
    activations.assign(x.data(), kTokens, kCols, kCols);
    matmul_on(*isa, pool, activations, targets);
    std::size_t first = 0;
    for (const PackedMatrix& matrix : matrices) {
      const std::vector<float> want = product(*isa, pool, matrix, x.data(), kTokens);
      for (std::size_t t = 0; t < kTokens; ++t) {
        ASSERT_EQ(0, std::memcmp(out.data() + t * kStride + first, want.data() + t * matrix.rows(),
                                 matrix.rows() * sizeof(float)));
      }
      first += matrix.rows();
    }
    for (std::size_t t = 0; t < kTokens; ++t) EXPECT_EQ(out[t * kStride + 153], -1.0f);
  }
}

// The parts of a target that change what is stored, for gates that read the same form as the weights and for others.
TEST(MatmulTargets, store_what_separate_steps_would_give) {
  WorkerPool pool(2);
  constexpr std::size_t kCols = 512;
  constexpr std::size_t kRows = 75;
  constexpr std::size_t kTokens = 37;
  const std::vector<float> x = random_inputs(kTokens * kCols, 40);
  const std::vector<float> bias = random_inputs(kRows, 41);
  const std::vector<float> before = random_inputs(kTokens * kRows, 42);
  const PackedMatrix up = packed(RandomWeights(DType::kQ4_K, kRows, kCols, 43), pool);
  for (const DType dtype : {DType::kQ4_K, DType::kQ6_K, DType::kQ8_0, DType::kF32}) {
    const PackedMatrix gate = packed(RandomWeights(dtype, kRows, kCols, 44), pool);
    for (const IsaRow* isa : usable_rows()) {
      SCOPED_TRACE(testing::Message() << isa->name << ", gate " << dtype_info(dtype).name);
      std::vector<float> want = product(*isa, pool, up, x.data(), kTokens);
      const std::vector<float> gates = product(*isa, pool, gate, x.data(), kTokens);
      const auto gate_by_silu = isa->kernels->gate[static_cast<std::size_t>(Activation::kSilu)];
      gate_by_silu(gates.data(), want.data(), want.size(), want.data());
      std::vector<float> sums = before;
      for (std::size_t i = 0; i < want.size(); ++i) {
        const float product = 0.25f * (want[i] + bias[i % kRows]);
        sums[i] += product;
      }
      std::vector<float> got(want.size());
      std::vector<float> added = before;
      MatmulTarget target = {
          .weights = &up, .out = got.data(), .out_stride = kRows, .gate = &gate, .activation = Activation::kSilu};
      Activations activations;
      activations.assign(x.data(), kTokens, kCols, kCols);
      matmul_on(*isa, pool, activations, {&target, 1});
      EXPECT_EQ(0, std::memcmp(got.data(), want.data(), want.size() * sizeof(float)));
      target.out = added.data();
      target.bias = bias.data();
      target.factor = 0.25f;
      target.adds = true;
      matmul_on(*isa, pool, activations, {&target, 1});
      EXPECT_EQ(0, std::memcmp(added.data(), sums.data(), sums.size() * sizeof(float)));
    }
  }
}

TEST(MatmulTargets, activate_the_product_and_its_bias_where_there_is_no_gate) {
  WorkerPool pool(2);
  constexpr std::size_t kCols = 64;
  constexpr std::size_t kRows = 41;
  constexpr std::size_t kTokens = 7;
  const std::vector<float> x = random_inputs(kTokens * kCols, 50);
  const std::vector<float> bias = random_inputs(kRows, 51);
  const PackedMatrix matrix = packed(RandomWeights(DType::kQ8_0, kRows, kCols, 52), pool);
  for (const Activation activation : {Activation::kNone, Activation::kGeluTanh, Activation::kGeluErf}) {
    for (const IsaRow* isa : usable_rows()) {
      SCOPED_TRACE(isa->name);
      std::vector<float> want = product(*isa, pool, matrix, x.data(), kTokens);
      for (std::size_t i = 0; i < want.size(); ++i) want[i] += bias[i % kRows];
      checks::activate(*isa->kernels, activation, std::vector(want).data(), want.size(), want.data());
      std::vector<float> got(want.size());
      Activations activations;
      activations.assign(x.data(), kTokens, kCols, kCols);
      const MatmulTarget target = {
          .weights = &matrix, .out = got.data(), .out_stride = kRows, .activation = activation, .bias = bias.data()};
      matmul_on(*isa, pool, activations, {&target, 1});
      EXPECT_EQ(got, want);
    }
  }
}

TEST(MatmulTargets, join_addends_to_the_products_of_their_rows_alone) {
  WorkerPool pool(2);
  constexpr std::size_t kCols = 256;
  constexpr std::size_t kRows = 75;
  constexpr std::size_t kTokens = 37;
  const std::vector<float> x = random_inputs(kTokens * kCols, 60);
  const std::vector<float> addends = random_inputs(kTokens * kRows, 61);
  const std::vector<float> gate_addends = random_inputs(kTokens * kRows, 62);
  const PackedMatrix up = packed(RandomWeights(DType::kQ4_K, kRows, kCols, 63), pool);
  const PackedMatrix gate = packed(RandomWeights(DType::kQ8_0, kRows, kCols, 64), pool);
  std::vector<const float*> of_row(kTokens);
  std::vector<const float*> of_gate_row(kTokens);
  for (std::size_t t = 0; t < kTokens; ++t) {
    if (t % 3 != 0) of_row[t] = addends.data() + t * kRows;
    if (t % 2 != 0) of_gate_row[t] = gate_addends.data() + t * kRows;
  }
  for (const IsaRow* isa : usable_rows()) {
    SCOPED_TRACE(isa->name);
    std::vector<float> want = product(*isa, pool, up, x.data(), kTokens);
    std::vector<float> gates = product(*isa, pool, gate, x.data(), kTokens);
    for (std::size_t i = 0; i < want.size(); ++i) {
      if (of_row[i / kRows] != nullptr) want[i] += addends[i];
      if (of_gate_row[i / kRows] != nullptr) gates[i] += gate_addends[i];
    }
    std::vector<float> got(want.size());
    MatmulTarget target = {.weights = &up, .out = got.data(), .out_stride = kRows, .addends = of_row.data()};
    Activations activations;
    activations.assign(x.data(), kTokens, kCols, kCols);
    matmul_on(*isa, pool, activations, {&target, 1});
    EXPECT_EQ(got, want);
    isa->kernels->gate[static_cast<std::size_t>(Activation::kSilu)](gates.data(), want.data(), want.size(),
                                                                    want.data());
    target.gate = &gate;
    target.gate_addends = of_gate_row.data();
    target.activation = Activation::kSilu;
    matmul_on(*isa, pool, activations, {&target, 1});
    EXPECT_EQ(got, want);
  }
}

TEST(MatmulTargets, inputs_may_lie_apart) {
  constexpr std::size_t kCols = 512;
  constexpr std::size_t kStride = kCols + 7;
  WorkerPool pool(2);
  for (const DType dtype : {DType::kQ8_0, DType::kQ6_K, DType::kF32, DType::kF16, DType::kBF16}) {
    const PackedMatrix matrix = packed(RandomWeights(dtype, 40, kCols, 32), pool);
    for (const std::size_t tokens : {1, 3, 16, 35}) {
      const std::vector<float> x = random_inputs(tokens * kCols, 33);
      std::vector<float> apart(tokens * kStride, std::numeric_limits<float>::quiet_NaN());
      for (std::size_t t = 0; t < tokens; ++t) std::copy_n(x.data() + t * kCols, kCols, apart.data() + t * kStride);
      for (const IsaRow* isa : usable_rows()) {
        std::vector<float> out(tokens * matrix.rows());
        Activations activations;
        activations.assign(apart.data(), tokens, kCols, kStride);
        const MatmulTarget target{.weights = &matrix, .out = out.data(), .out_stride = matrix.rows()};
        matmul_on(*isa, pool, activations, {&target, 1});
        EXPECT_EQ(out, product(*isa, pool, matrix, x.data(), tokens)) << dtype_info(dtype).name << ' ' << tokens;
      }
    }
  }
}

TEST(MatmulTargets, read_new_inputs_after_each_assign) {
  WorkerPool pool(2);
  const RandomWeights weights(DType::kQ8_0, 16, 64, 30);
  const PackedMatrix matrix = packed(weights, pool);
  const std::vector<float> x = random_inputs(3 * 64, 31);
  Activations activations;
  for (const std::size_t tokens : std::initializer_list<std::size_t>{3, 1, 2}) {
    std::vector<float> out(tokens * 16);
    activations.assign(x.data(), tokens, 64, 64);
    matmul(pool, activations, matrix, out.data(), 16);
    EXPECT_EQ(out, product(active_isa_row(), pool, matrix, x.data(), tokens));
  }
  activations.assign(x.data(), 0, 64, 64);
  matmul(pool, activations, matrix, nullptr, 16);
}

}  // namespace
}  // namespace sixfold::kernels
