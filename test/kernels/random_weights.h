// Random weights of every type, as a file would hold them.
#pragma once
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "tensor/dtype.h"
#include "tensor/tensor_view.h"

namespace sixfold::kernels {

inline constexpr std::array kAllDTypes = {DType::kF32,  DType::kF16,  DType::kBF16, DType::kQ8_0,   DType::kQ4_0,
                                          DType::kQ4_1, DType::kQ5_0, DType::kQ5_1, DType::kQ2_K,   DType::kQ3_K,
                                          DType::kQ4_K, DType::kQ5_K, DType::kQ6_K, DType::kIQ4_NL, DType::kIQ4_XS};

// Bytes of a block at which an f16 scale lies.
inline std::vector<std::size_t> scale_offsets(DType dtype) {
  switch (dtype) {
    case DType::kQ4_1:
    case DType::kQ5_1:
    case DType::kQ4_K:
    case DType::kQ5_K:
      return {0, 2};
    case DType::kQ2_K:
      return {80, 82};
    case DType::kQ3_K:
      return {108};
    case DType::kQ6_K:
      return {208};
    case DType::kF32:
    case DType::kF16:
    case DType::kBF16:
      return {};
    default:
      return {0};
  }
}

class RandomWeights {
 public:
  RandomWeights(DType dtype, std::size_t rows, std::size_t cols, unsigned seed)
      : dtype_(dtype), rows_(rows), cols_(cols), bytes_(rows * row_bytes(dtype, cols)), random_(seed) {
    if (dtype == DType::kF32) {
      fill_floats([](float value) { return value; });
    } else if (dtype == DType::kF16) {
      for (std::size_t i = 0; i < bytes_.size(); i += 2) put_f16(i);
    } else if (dtype == DType::kBF16) {
      fill_floats([](float value) {
        std::uint32_t bits = 0;
        std::memcpy(&bits, &value, sizeof bits);
        return static_cast<std::uint16_t>(bits >> 16);
      });
    } else {
      for (std::byte& byte : bytes_) byte = static_cast<std::byte>(random_());
      const std::size_t block_bytes = dtype_info(dtype).block_bytes;
      for (std::size_t block = 0; block < bytes_.size(); block += block_bytes) {
        for (const std::size_t offset : scale_offsets(dtype)) put_f16(block + offset);
      }
    }
  }

  TensorView view() const {
    TensorView view{.name = "random", .dtype = dtype_, .shape = {}, .bytes = bytes_};
    view.shape.rank = 2;
    view.shape.dims[0] = rows_;
    view.shape.dims[1] = cols_;
    return view;
  }

  const std::byte* row(std::size_t index) const { return bytes_.data() + index * row_bytes(dtype_, cols_); }
  std::vector<std::byte>& bytes() { return bytes_; }

 private:
  // A finite f16 of either sign between 2^-8 and 2^-2.
  void put_f16(std::size_t at) {
    const unsigned exponent = 7 + static_cast<unsigned>(random_() % 6);
    const auto half = static_cast<std::uint16_t>((random_() & 0x83ffu) | exponent << 10);
    std::memcpy(bytes_.data() + at, &half, sizeof half);
  }

  template <class Convert>
  void fill_floats(Convert convert) {
    std::normal_distribution<float> normal(0.0f, 0.5f);
    using Element = decltype(convert(0.0f));
    for (std::size_t at = 0; at < bytes_.size(); at += sizeof(Element)) {
      const Element element = convert(normal(random_));
      std::memcpy(bytes_.data() + at, &element, sizeof element);
    }
  }

  DType dtype_;
  std::size_t rows_;
  std::size_t cols_;
  std::vector<std::byte> bytes_;
  std::mt19937 random_;
};

inline std::vector<float> random_inputs(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.1f, 1.0f);
  std::vector<float> x(count);
  for (float& value : x) value = normal(random);
  return x;
}

}  // namespace sixfold::kernels
