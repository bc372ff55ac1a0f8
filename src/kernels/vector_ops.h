// Row-wise maths of a transformer, on the active kernel table.  Pure functions; thread-safe.
#pragma once
#include <cstddef>
#include <cstdint>

#include "tensor/dtype.h"

namespace sixfold::kernels {

// out[i] = value of element i.  source: one row (or any whole number of blocks) of `count` elements of `dtype`.
// Exact: bit for bit the value that the format defines.
void dequantize(DType dtype, const std::byte* source, std::size_t count, float* out);

// out[i] = x[i] * weight[i] / sqrt(mean(x^2) + epsilon).  out may alias x.  Source: arXiv:1910.07467.
void rms_norm(const float* x, const float* weight, float epsilon, std::size_t count, float* out);

// out[i] = (x[i] - mean(x)) / sqrt(variance(x) + epsilon) * weight[i] + bias[i]; without bias where it is null.
// out may alias x.  Source: arXiv:1607.06450.
void layer_norm(const float* x, const float* weight, const float* bias, float epsilon, std::size_t count, float* out);

// x[i] = cap * tanh(x[i] / cap).  cap > 0.  Source: arXiv:2408.00118, section 2.
void soft_cap(float* x, float cap, std::size_t count);

// x[i] += y[i]
void add(float* x, const float* y, std::size_t count);

enum class RopePairing {
  kInterleaved,  // (x[2i], x[2i+1]): GGUF's llama architecture
  kHalves,       // (x[i], x[i + n/2]): GPT-NeoX style; Qwen
};

// Rotates the first 2*pairs elements of one head in place.  cos_sin: [pairs, 2] f32, (cos, sin) of this row's position.
void rope(float* head, const float* cos_sin, std::size_t pairs, RopePairing pairing);

// Largest value's index; the lowest index wins a tie.  count >= 1.  NaNs are never chosen unless all are NaN (then 0).
std::size_t argmax(const float* x, std::size_t count);

// out[i] = e^x[i], within 2 units in the last place; 0 below the smallest normal number.  out may alias x.  No NaN.
void exp(const float* x, std::size_t count, float* out);

// f32 <-> f16 rows, and f32 -> bf16 rows (round to nearest even).
void f32_to_f16(const float* x, std::size_t count, std::uint16_t* out);
void f32_to_bf16(const float* x, std::size_t count, std::uint16_t* out);
void f16_to_f32(const std::uint16_t* x, std::size_t count, float* out);

}  // namespace sixfold::kernels
