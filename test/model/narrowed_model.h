// A float32 model file with its matrices in another format, made in memory.
#pragma once
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "formats/checkpoint.h"
#include "formats/gguf_write.h"
#include "kernels/vector_ops.h"
#include "model/aligned_floats.h"
#include "tensor/half.h"

namespace sixfold::test {

// Plain rounding, as good as a test needs.
inline void append_block(DType dtype, std::span<const float> block, std::vector<std::byte>& out) {
  const auto append = [&](const auto& value) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&value);
    out.insert(out.end(), bytes, bytes + sizeof(value));
  };
  if (dtype == DType::kBF16) {
    append(static_cast<std::uint16_t>((std::bit_cast<std::uint32_t>(block[0]) + 0x8000u) >> 16));
    return;
  }
  float largest = 0;
  for (const float value : block) largest = std::max(largest, std::abs(value));
  const float steps = dtype == DType::kQ8_0 ? 127 : 7;
  float scale = dtype == DType::kF16 ? block[0] : largest / steps;
  std::uint16_t half = 0;
  kernels::f32_to_f16(&scale, 1, &half);
  append(half);
  if (dtype == DType::kF16) return;
  scale = f32_from_f16(half);
  std::int8_t codes[32];
  for (std::size_t i = 0; i < 32; ++i) {
    codes[i] = static_cast<std::int8_t>(scale == 0 ? 0 : std::clamp(std::round(block[i] / scale), -steps, steps));
  }
  for (std::size_t i = 0; i < 32 && dtype == DType::kQ8_0; ++i) append(codes[i]);
  for (std::size_t i = 0; i < 16 && dtype == DType::kQ4_0; ++i) {
    append(static_cast<std::uint8_t>((codes[i] + 8) | (codes[i + 16] + 8) << 4));
  }
}

// Keeps alive what the checkpoints that it opens borrow.
class NarrowedModel {
 public:
  // Matrices become F16, BF16, Q8_0 or Q4_0, but F16 where rows are not whole blocks; routers of experts stay as they
  // are, as in published files.
  NarrowedModel(const formats::Checkpoint& source, DType dtype) {
    std::vector<TensorView> tensors(source.tensors().begin(), source.tensors().end());
    bytes_.reserve(tensors.size());
    for (TensorView& tensor : tensors) {
      const bool is_router = tensor.name.find("ffn_gate_inp") != std::string_view::npos;
      if (tensor.shape.rank < 2 || is_router) continue;
      const std::size_t cols = tensor.shape[tensor.shape.rank - 1];
      const bool fits = cols % dtype_info(dtype).block_elements == 0;
      narrow(tensor, fits ? dtype : DType::kF16);
    }
    const auto image = formats::make_gguf({.metadata = source.metadata(), .tensors = tensors});
    EXPECT_TRUE(image.is_ok()) << image.error().message;
    bytes_.clear();
    image_bytes_ = image->size();
    image_ = model::make_aligned_floats(image_bytes_ / sizeof(float) + 1);
    std::memcpy(image_.get(), image->data(), image_bytes_);
  }

  formats::Checkpoint open() const {
    const auto* data = reinterpret_cast<const std::byte*>(image_.get());
    auto checkpoint = formats::read_gguf({data, image_bytes_}, "narrowed.gguf");
    EXPECT_TRUE(checkpoint.is_ok()) << checkpoint.error().message;
    return std::move(checkpoint).value();
  }

 private:
  void narrow(TensorView& tensor, DType dtype) {
    std::vector<float> values(tensor.shape.elements());
    kernels::dequantize(tensor.dtype, tensor.bytes.data(), values.size(), values.data());
    const std::size_t step = dtype_info(dtype).block_elements;
    std::vector<std::byte>& bytes = bytes_.emplace_back();
    for (std::size_t i = 0; i < values.size(); i += step)
      append_block(dtype, std::span(values).subspan(i, step), bytes);
    tensor.dtype = dtype;
    tensor.bytes = bytes;
  }

  std::vector<std::vector<std::byte>> bytes_;
  model::AlignedFloats image_;
  std::size_t image_bytes_ = 0;
};

}  // namespace sixfold::test
