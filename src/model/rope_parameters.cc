// Reads "rope.*" keys.  Their names are those of the GGUF specification and of llama.cpp's converter.
#include "model/rope_parameters.h"

#include "core/limits.h"

namespace sixfold::model {
namespace {

constexpr Range kBaseRange{1.001, 1e15};

// Files older than rope.scaling.* have only the linear factor; 0 means none in both.
Result<double> read_factor(KeyReader& keys) {
  const std::string_view name = keys.has("rope.scaling.factor") ? "rope.scaling.factor" : "rope.scale_linear";
  SIXFOLD_TRY(const double factor, keys.number_or(name, {0, kScaleRange.high}, 0));
  if (factor == 0) return 1.0;
  if (factor < kScaleRange.low) return keys.out_of_range(name, factor, kScaleRange.low, kScaleRange.high);
  return factor;
}

Status read_scaling(KeyReader& keys, const RopeLimits& limits, RopeParameters& rope) {
  const std::string_view attention_name =
      keys.has("rope.scaling.attn_factor") ? "rope.scaling.attn_factor" : "rope.scaling.yarn_attn_factor";
  SIXFOLD_TRY(rope.attention_factor, keys.number_or(attention_name, kScaleRange, 1));
  SIXFOLD_TRY(rope.context_original,
              keys.count_or("rope.scaling.original_context_length", limits::kContextMax, limits.context));
  SIXFOLD_TRY(const double factor, read_factor(keys));
  SIXFOLD_TRY(const std::string_view type, keys.string_or("rope.scaling.type", "linear"));
  if (type == "none" || (type == "longrope" && limits.has_long_rope)) return ok();
  if (type != "linear" && type != "yarn") {
    return keys.unsupported("rope.scaling.type", "\"{}\", want none, linear{} or yarn", type,
                            limits.has_long_rope ? ", longrope" : "");
  }
  rope.factor = factor;
  rope.scaling = type == "yarn" ? RopeScaling::kYarn : RopeScaling::kLinear;
  SIXFOLD_TRY(rope.extrapolation_mix, keys.number_or("rope.scaling.yarn_ext_factor", {0, 1}, 1));
  SIXFOLD_TRY(rope.beta_fast, keys.number_or("rope.scaling.yarn_beta_fast", kScaleRange, 32));
  SIXFOLD_TRY(rope.beta_slow, keys.number_or("rope.scaling.yarn_beta_slow", kScaleRange, 1));
  return ok();
}

// GGUF's converters reorder the queries and keys of some architectures, so that neighbours rotate together.  A
// checkpoint that has them as they were trained says so.
Result<kernels::RopePairing> read_pairing(KeyReader& keys, kernels::RopePairing usual) {
  SIXFOLD_TRY(const std::string_view name, keys.string_or("rope.pairing", ""));
  if (name.empty()) return usual;
  if (name == "halves") return kernels::RopePairing::kHalves;
  return keys.unsupported("rope.pairing", "\"{}\", want halves", name);
}

}  // namespace

Result<RopeParameters> read_rope(KeyReader& keys, const RopeLimits& limits) {
  RopeParameters rope;
  SIXFOLD_TRY(rope.pairing, read_pairing(keys, limits.pairing));
  SIXFOLD_TRY(rope.dimensions, keys.count_or("rope.dimension_count", limits::kWidthMax, limits.head_dim));
  if (rope.dimensions % 2 != 0 || rope.dimensions > limits.head_dim) {
    return keys.corrupt("rope.dimension_count", "{}, want an even number up to the head size {}", rope.dimensions,
                        limits.head_dim);
  }
  // A base of 1 would rotate all pairs alike and make YaRN divide by log(1).
  SIXFOLD_TRY(rope.base, keys.number_or("rope.freq_base", kBaseRange, 10000));
  SIXFOLD_TRY_STATUS(read_scaling(keys, limits, rope));
  return rope;
}

Result<RopeParameters> read_local_rope(KeyReader& keys, const RopeParameters& global, double base) {
  RopeParameters rope;
  rope.pairing = global.pairing;
  rope.dimensions = global.dimensions;
  SIXFOLD_TRY(rope.base, keys.number_or("rope.freq_base_swa", kBaseRange, base));
  return rope;
}

}  // namespace sixfold::model
