// One vector of a text, made of the vectors of its tokens.
#pragma once
#include <cstddef>
#include <span>

#include "model/encoder.h"

namespace sixfold::model {

// tokens: [count, width] f32, count >= 1.  out: [width], or [count, width] for kTokens.  Not for kScores.
void pool(EncoderOutput output, const float* tokens, std::size_t count, std::size_t width, float* out);

// Divides by the Euclidean length; a vector of zeros stays as it is.
void normalize(std::span<float> vector);

}  // namespace sixfold::model
