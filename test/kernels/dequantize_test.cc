// Every element type expands to the reference values, bit for bit.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "kernels/vector_ops.h"
#include "tensor/half.h"

namespace sixfold::kernels {
namespace {

constexpr DType kAll[] = {DType::kF32,  DType::kF16,  DType::kQ4_0,   DType::kQ4_1,   DType::kQ5_0,
                          DType::kQ5_1, DType::kQ8_0, DType::kQ2_K,   DType::kQ3_K,   DType::kQ4_K,
                          DType::kQ5_K, DType::kQ6_K, DType::kIQ4_NL, DType::kIQ4_XS, DType::kBF16};

std::vector<char> read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<float> expand(DType dtype, const std::vector<char>& raw) {
  const DTypeInfo& info = dtype_info(dtype);
  std::vector<float> out(raw.size() / info.block_bytes * info.block_elements);
  dequantize(dtype, reinterpret_cast<const std::byte*>(raw.data()), out.size(), out.data());
  return out;
}

class DequantizeReference : public testing::TestWithParam<DType> {};

TEST_P(DequantizeReference, matches_bit_for_bit) {
  const char* testdata = std::getenv("SIXFOLD_TESTDATA");
  if (testdata == nullptr) GTEST_SKIP() << "SIXFOLD_TESTDATA is not set";
  if (GetParam() == DType::kF32) GTEST_SKIP() << "the reference has no vectors for plain f32";
  const std::string name(dtype_info(GetParam()).name);
  int vectors = 0;
  for (const char* kind : {"random", "tensor"}) {
    const std::string stem = std::string(testdata) + "/golden/quant/unit/" + name + "." + kind;
    const std::vector<char> raw = read_all(stem + ".raw.bin");
    const std::vector<char> want_bytes = read_all(stem + ".f32.bin");
    if (raw.empty()) continue;
    ++vectors;
    std::vector<float> want(want_bytes.size() / sizeof(float));
    std::memcpy(want.data(), want_bytes.data(), want.size() * sizeof(float));
    const std::vector<float> got = expand(GetParam(), raw);
    ASSERT_EQ(got.size(), want.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      // Zeros of either sign are equal; everything else only to itself.
      ASSERT_TRUE(got[i] == want[i] || (std::isnan(got[i]) && std::isnan(want[i])))
          << name << " " << kind << " element " << i << ": " << got[i] << ", want " << want[i];
    }
  }
  EXPECT_GE(vectors, 1);
}

INSTANTIATE_TEST_SUITE_P(AllTypes, DequantizeReference, testing::ValuesIn(kAll),
                         [](const auto& tested) { return std::string(dtype_info(tested.param).name); });

TEST(Dequantize, reads_from_any_address_and_writes_only_count_elements) {
  for (const DType dtype : kAll) {
    const DTypeInfo& info = dtype_info(dtype);
    std::vector<char> raw(3 * info.block_bytes + 1);
    for (std::size_t i = 0; i < raw.size(); ++i) raw[i] = static_cast<char>(i * 37 % 61);
    const std::vector<char> shifted(raw.begin() + 1, raw.end());
    std::vector<float> out(3 * info.block_elements + 1, 12345.0f);
    dequantize(dtype, reinterpret_cast<const std::byte*>(raw.data() + 1), out.size() - 1, out.data());
    const std::vector<float> want = expand(dtype, shifted);
    EXPECT_EQ(std::memcmp(out.data(), want.data(), want.size() * sizeof(float)), 0) << info.name;
    EXPECT_EQ(out.back(), 12345.0f) << info.name;
  }
}

TEST(Half, every_value_is_exact) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const int exponent = static_cast<int>(bits >> 10 & 31);
    const int fraction = static_cast<int>(bits & 1023);
    const float value = f32_from_f16(static_cast<std::uint16_t>(bits));
    if (exponent == 31) {
      EXPECT_TRUE(fraction == 0 ? std::isinf(value) : std::isnan(value));
    } else {
      const double want = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
      EXPECT_EQ(std::fabs(static_cast<double>(value)), want);
    }
    EXPECT_EQ(std::signbit(value), bits >> 15 == 1);
  }
  EXPECT_EQ(f32_from_bf16(0x3f80), 1.0f);
  EXPECT_EQ(f32_from_bf16(0xc049), -3.140625f);
}

}  // namespace
}  // namespace sixfold::kernels
