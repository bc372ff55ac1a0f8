// Brings a row to a standard size: RMS norm or layer norm.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "core/result.h"
#include "model/decoder_traits.h"
#include "model/weight_reader.h"

namespace sixfold::model {

// Immutable once loaded; thread-safe.
struct Norm {
  NormKind kind = NormKind::kRms;
  float epsilon = 0;
  std::vector<float> weight;  // [width]; empty: there is no norm
  std::vector<float> bias;    // [width], or empty

  bool is_empty() const { return weight.empty(); }

  // x, out: [count] f32, count a multiple of the width: stretch by stretch, as for the heads of a projection.
  // out may be x.
  void apply(const float* x, std::size_t count, float* out) const;
};

struct NormShape {
  std::size_t width = 0;
  NormKind kind = NormKind::kRms;
  float epsilon = 0;
};

// Reads STEM.weight and, of a layer norm that has one, STEM.bias.  Errors: as WeightReader's.
Result<Norm> load_norm(WeightReader& reader, const std::string& stem, const NormShape& shape);

}  // namespace sixfold::model
