// One kernel call for each stretch that is as wide as the weight.
#include "model/blocks/norm.h"

#include "core/error.h"
#include "kernels/vector_ops.h"

namespace sixfold::model {

void Norm::apply(const float* x, std::size_t count, float* out) const {
  const std::size_t width = weight.size();
  for (std::size_t i = 0; i < count; i += width) {
    if (kind == NormKind::kRms) {
      kernels::rms_norm(x + i, weight.data(), epsilon, width, out + i);
    } else {
      kernels::layer_norm(x + i, weight.data(), bias.empty() ? nullptr : bias.data(), epsilon, width, out + i);
    }
  }
}

Result<Norm> load_norm(WeightReader& reader, const std::string& stem, const NormShape& shape) {
  Norm norm{.kind = shape.kind, .epsilon = shape.epsilon, .weight = {}, .bias = {}};
  SIXFOLD_TRY(norm.weight, reader.vector(stem + ".weight", shape.width));
  const std::string bias = stem + ".bias";
  if (shape.kind == NormKind::kLayer && reader.has(bias)) {
    SIXFOLD_TRY(norm.bias, reader.vector(bias, shape.width));
  }
  return norm;
}

}  // namespace sixfold::model
