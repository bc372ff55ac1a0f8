// Reads "<architecture>.*" keys.  Their names are those of the GGUF specification and of llama.cpp's converter.
#include "model/hyper_parameters.h"

#include <cmath>
#include <cstdint>
#include <string>

#include "core/error.h"
#include "core/limits.h"

namespace sixfold::model {
namespace {

struct Range {
  double low = 0;
  double high = 0;
};

// Scales and factors of real models lie far inside; outside, float arithmetic would overflow or vanish.
constexpr Range kScaleRange{1e-6, 1e6};

// The largest published mixtures have a few hundred.
constexpr std::uint64_t kExpertsMax = 4096;

// Reads keys of one architecture; every number is checked against a range before it is used.
class KeyReader {
 public:
  KeyReader(const formats::Checkpoint& checkpoint, std::string_view architecture)
      : checkpoint_(checkpoint), prefix_(std::string(architecture) + ".") {}

  std::string key(std::string_view name) const { return prefix_ + std::string(name); }
  bool has(std::string_view name) const { return checkpoint_.find(key(name)) != nullptr; }

  // False also for what is not a number: count says so.
  bool is_zero(std::string_view name) const {
    const auto value = checkpoint_.unsigned_integer(key(name));
    return value.is_ok() && *value == 0;
  }

  Result<std::size_t> count(std::string_view name, std::uint64_t limit) const {
    const auto value = checkpoint_.unsigned_integer(key(name));
    if (!value.is_ok()) return corrupt_data("{}", value.error().message);
    if (*value < 1 || *value > limit) return out_of_range(name, *value, std::uint64_t{1}, limit);
    return static_cast<std::size_t>(*value);
  }

  Result<std::size_t> count_or(std::string_view name, std::uint64_t limit, std::size_t fallback) const {
    if (!has(name)) return fallback;
    return count(name, limit);
  }

  Result<double> number(std::string_view name, Range range) const {
    const auto value = checkpoint_.number(key(name));
    if (!value.is_ok()) return corrupt_data("{}", value.error().message);
    // Written so that NaN is refused.
    if (!(*value >= range.low && *value <= range.high)) return out_of_range(name, *value, range.low, range.high);
    return *value;
  }

  Result<double> number_or(std::string_view name, Range range, double fallback) const {
    if (!has(name)) return fallback;
    return number(name, range);
  }

  template <class T>
  Error out_of_range(std::string_view name, const T& got, const T& low, const T& high) const {
    return corrupt_data("{}: {}: {}, want {} to {}", checkpoint_.path(), key(name), got, low, high);
  }

  template <class... Args>
  Error corrupt(std::string_view name, fmt::format_string<Args...> format, Args&&... args) const {
    return corrupt_data("{}: {}: {}", checkpoint_.path(), key(name), fmt::format(format, std::forward<Args>(args)...));
  }

  template <class... Args>
  Error unsupported(std::string_view name, fmt::format_string<Args...> format, Args&&... args) const {
    return invalid_argument("{}: {}: {}", checkpoint_.path(), key(name),
                            fmt::format(format, std::forward<Args>(args)...));
  }

  Result<std::string_view> string_or(std::string_view name, std::string_view fallback) const {
    return checkpoint_.string_or(key(name), fallback);
  }

 private:
  const formats::Checkpoint& checkpoint_;
  std::string prefix_;
};

Status read_heads(const KeyReader& keys, HyperParameters& out) {
  SIXFOLD_TRY(out.heads, keys.count("attention.head_count", limits::kWidthMax));
  SIXFOLD_TRY(out.kv_heads, keys.count_or("attention.head_count_kv", limits::kWidthMax, out.heads));
  if (out.heads % out.kv_heads != 0) {
    return keys.corrupt("attention.head_count_kv", "{}, want a divisor of head_count {}", out.kv_heads, out.heads);
  }
  if (keys.has("attention.key_length")) {
    SIXFOLD_TRY(out.head_dim, keys.count("attention.key_length", limits::kWidthMax));
  } else if (out.width % out.heads != 0) {
    return keys.corrupt("attention.head_count", "{}, want a divisor of embedding_length {}", out.heads, out.width);
  } else {
    out.head_dim = out.width / out.heads;
  }
  if (out.head_dim % 2 != 0 || out.head_dim > limits::kWidthMax / out.heads) {
    return keys.corrupt("attention.head_count", "{} heads of {} elements, want an even size and at most {} in all",
                        out.heads, out.head_dim, limits::kWidthMax);
  }
  SIXFOLD_TRY(const std::size_t value_length, keys.count_or("attention.value_length", limits::kWidthMax, out.head_dim));
  if (value_length != out.head_dim) {
    return keys.unsupported("attention.value_length", "{}, want the key length {}", value_length, out.head_dim);
  }
  return ok();
}

Status read_experts(const KeyReader& keys, Presence presence, HyperParameters& out) {
  // Converters write 0 for a model without experts.
  const bool is_present = keys.has("expert_count") && !keys.is_zero("expert_count");
  if (is_present && presence == Presence::kNever) {
    return keys.unsupported("expert_count", "want 0: this architecture has no experts");
  }
  if (!is_present && presence != Presence::kRequired) return ok();
  SIXFOLD_TRY(out.experts, keys.count("expert_count", kExpertsMax));
  SIXFOLD_TRY(out.experts_used, keys.count("expert_used_count", out.experts));
  SIXFOLD_TRY(out.feed_forward, keys.count_or("expert_feed_forward_length", limits::kWidthMax, out.feed_forward));
  return ok();
}

Status read_rope_scaling(const KeyReader& keys, std::size_t context, RopeParameters& rope) {
  // Files older than rope.scaling.* have only the linear factor; 0 means none in both.
  const std::string_view factor_name = keys.has("rope.scaling.factor") ? "rope.scaling.factor" : "rope.scale_linear";
  SIXFOLD_TRY(double factor, keys.number_or(factor_name, {0, kScaleRange.high}, 0));
  if (factor == 0) factor = 1;
  if (factor < kScaleRange.low) return keys.out_of_range(factor_name, factor, kScaleRange.low, kScaleRange.high);

  SIXFOLD_TRY(const std::string_view type, keys.string_or("rope.scaling.type", "linear"));
  if (type == "none") return ok();
  if (type != "linear" && type != "yarn") {
    return keys.unsupported("rope.scaling.type", "\"{}\", want none, linear or yarn", type);
  }
  rope.factor = factor;
  rope.scaling = type == "yarn" ? RopeScaling::kYarn : RopeScaling::kLinear;
  SIXFOLD_TRY(rope.context_original,
              keys.count_or("rope.scaling.original_context_length", limits::kContextMax, context));
  const std::string_view attention_name =
      keys.has("rope.scaling.attn_factor") ? "rope.scaling.attn_factor" : "rope.scaling.yarn_attn_factor";
  SIXFOLD_TRY(rope.attention_factor, keys.number_or(attention_name, kScaleRange, 1));
  SIXFOLD_TRY(rope.extrapolation_mix, keys.number_or("rope.scaling.yarn_ext_factor", {0, 1}, 1));
  SIXFOLD_TRY(rope.beta_fast, keys.number_or("rope.scaling.yarn_beta_fast", kScaleRange, 32));
  SIXFOLD_TRY(rope.beta_slow, keys.number_or("rope.scaling.yarn_beta_slow", kScaleRange, 1));
  return ok();
}

Status read_rope(const KeyReader& keys, const HyperParameters& parameters, RopeParameters& rope) {
  SIXFOLD_TRY(rope.dimensions, keys.count_or("rope.dimension_count", limits::kWidthMax, parameters.head_dim));
  if (rope.dimensions % 2 != 0 || rope.dimensions > parameters.head_dim) {
    return keys.corrupt("rope.dimension_count", "{}, want an even number up to the head size {}", rope.dimensions,
                        parameters.head_dim);
  }
  // A base of 1 would rotate all pairs alike and make YaRN divide by log(1).
  SIXFOLD_TRY(rope.base, keys.number_or("rope.freq_base", {1.001, 1e15}, 10000));
  return read_rope_scaling(keys, parameters.context, rope);
}

Result<float> read_scale(const KeyReader& keys, std::string_view name, double fallback) {
  SIXFOLD_TRY(const double value, keys.number_or(name, kScaleRange, fallback));
  return static_cast<float>(value);
}

// Source: the Granite model cards; llama.cpp divides the logits by logit_scale.
Status read_scales(const KeyReader& keys, HyperParameters& out) {
  SIXFOLD_TRY(out.embedding_scale, read_scale(keys, "embedding_scale", 1));
  SIXFOLD_TRY(out.residual_scale, read_scale(keys, "residual_scale", 1));
  SIXFOLD_TRY(out.attention_scale, read_scale(keys, "attention.scale", out.attention_scale));
  SIXFOLD_TRY(const double logit_divisor, keys.number_or("logit_scale", kScaleRange, 1));
  out.logit_scale = static_cast<float>(1 / logit_divisor);
  return ok();
}

}  // namespace

Result<HyperParameters> read_hyper_parameters(const formats::Checkpoint& checkpoint, std::string_view architecture,
                                              const DecoderTraits& traits) {
  const KeyReader keys(checkpoint, architecture);
  HyperParameters out;
  SIXFOLD_TRY(out.layers, keys.count("block_count", limits::kLayersMax));
  SIXFOLD_TRY(out.width, keys.count("embedding_length", limits::kWidthMax));
  SIXFOLD_TRY(out.feed_forward, keys.count("feed_forward_length", limits::kWidthMax));
  SIXFOLD_TRY(out.context, keys.count("context_length", limits::kContextMax));
  SIXFOLD_TRY_STATUS(read_experts(keys, traits.experts, out));
  SIXFOLD_TRY_STATUS(read_heads(keys, out));
  SIXFOLD_TRY(const std::size_t window, keys.count_or("attention.sliding_window", ~std::uint64_t{0} >> 1, out.context));
  if (window < out.context) out.window = window;
  SIXFOLD_TRY(const double epsilon, keys.number("attention.layer_norm_rms_epsilon", {0, 1}));
  out.epsilon = static_cast<float>(epsilon);
  out.attention_scale = static_cast<float>(1 / std::sqrt(static_cast<double>(out.head_dim)));
  SIXFOLD_TRY_STATUS(read_rope(keys, out, out.rope));
  if (traits.has_scales) SIXFOLD_TRY_STATUS(read_scales(keys, out));
  return out;
}

}  // namespace sixfold::model
