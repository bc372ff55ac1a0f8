// Sums run over the tokens in order, so that the bits depend on the text alone.
#include "model/pooling.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "kernels/vector_ops.h"

namespace sixfold::model {

void pool(EncoderOutput output, const TokenVectors& tokens, std::size_t width, float* out) {
  switch (output) {
    case EncoderOutput::kTokens:
      for (std::size_t r = 0; r < tokens.count; ++r) out = std::copy_n(tokens.row(r), width, out);
      return;
    case EncoderOutput::kFirst:
      std::copy_n(tokens.row(0), width, out);
      return;
    case EncoderOutput::kLast:
      std::copy_n(tokens.row(tokens.count - 1), width, out);
      return;
    case EncoderOutput::kMean:
      std::copy_n(tokens.row(0), width, out);
      for (std::size_t i = 1; i < tokens.count; ++i) kernels::add(out, tokens.row(i), width);
      for (std::size_t i = 0; i < width; ++i) out[i] /= static_cast<float>(tokens.count);
      return;
    case EncoderOutput::kScores:
      break;
  }
  SIXFOLD_CHECK(false);
}

void normalize(std::span<float> vector) {
  double squares = 0;
  for (const float value : vector) squares += static_cast<double>(value) * static_cast<double>(value);
  if (squares == 0) return;
  const double scale = 1 / std::sqrt(squares);
  for (float& value : vector) value = static_cast<float>(static_cast<double>(value) * scale);
}

}  // namespace sixfold::model
