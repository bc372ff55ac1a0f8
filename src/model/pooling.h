// One vector of a text, made of the vectors of its tokens.
#pragma once
#include <cstddef>
#include <span>

#include "model/encoder.h"

namespace sixfold::model {

// The vectors of a text's tokens: [count, width] f32, count >= 1.
struct TokenVectors {
  const float* data = nullptr;
  std::size_t stride = 0;  // elements from row to row
  std::size_t count = 0;
  const float* row(std::size_t r) const { return data + r * stride; }
};

// out: [width], or [count, width] for kTokens.  Not for kScores.
void pool(EncoderOutput output, const TokenVectors& tokens, std::size_t width, float* out);

// Divides by the Euclidean length; a vector of zeros stays as it is.
void normalize(std::span<float> vector);

}  // namespace sixfold::model
