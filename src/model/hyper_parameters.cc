// Reads "<architecture>.*" keys.  Their names are those of the GGUF specification and of llama.cpp's converter.
#include "model/hyper_parameters.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "core/error.h"
#include "core/limits.h"

namespace sixfold::model {
namespace {

// The largest published mixtures have a few hundred.
constexpr std::uint64_t kExpertsMax = 4096;

Status read_heads(KeyReader& keys, HyperParameters& out) {
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

Status read_experts(KeyReader& keys, const DecoderTraits& traits, HyperParameters& out) {
  // Converters write 0 for a model without experts.
  const bool is_present = keys.has("expert_count") && !keys.is_zero("expert_count");
  if (is_present && traits.experts == Presence::kNever) {
    return keys.unsupported("expert_count", "want 0: this architecture has no experts");
  }
  if (!is_present && traits.experts != Presence::kRequired) return ok();
  SIXFOLD_TRY(out.experts, keys.count("expert_count", kExpertsMax));
  SIXFOLD_TRY(out.experts_used, keys.count("expert_used_count", out.experts));
  SIXFOLD_TRY(out.renormalizes_shares, keys.boolean_or("expert_weights_norm", traits.renormalizes_shares));
  if (traits.has_shared_expert) {
    SIXFOLD_TRY(out.shared_feed_forward,
                keys.count_or("expert_shared_feed_forward_length", limits::kWidthMax, out.feed_forward));
  }
  SIXFOLD_TRY(out.feed_forward, keys.count_or("expert_feed_forward_length", limits::kWidthMax, out.feed_forward));
  return ok();
}

// Which layers have a window: a list of them, or every layer but the last of each so many.
Status read_window_pattern(KeyReader& keys, std::size_t period, HyperParameters& out) {
  constexpr std::string_view kName = "attention.sliding_window_pattern";
  keys.mark_read(kName);
  if (const auto* list = keys.find<std::vector<bool>>(kName)) {
    if (list->size() != out.layers) return keys.corrupt(kName, "{} layers, want {}", list->size(), out.layers);
    out.has_window = *list;
    return ok();
  }
  SIXFOLD_TRY(period, keys.count_or(kName, limits::kLayersMax, period));
  for (std::size_t layer = 0; layer < out.layers; ++layer) {
    out.has_window.push_back(period == 1 || layer % period != period - 1);
  }
  return ok();
}

Status read_window(KeyReader& keys, const DecoderTraits& traits, HyperParameters& out) {
  constexpr std::string_view kName = "attention.sliding_window";
  const bool is_read =
      traits.window == Presence::kRequired || (traits.window == Presence::kOptional && keys.has(kName));
  if (!is_read) {
    out.has_window.assign(out.layers, false);
    return ok();
  }
  SIXFOLD_TRY(out.window, keys.count(kName, ~std::uint64_t{0} >> 1));
  return read_window_pattern(keys, traits.window_period, out);
}

Result<float> read_scale(KeyReader& keys, std::string_view name, double fallback) {
  SIXFOLD_TRY(const double value, keys.number_or(name, kScaleRange, fallback));
  return static_cast<float>(value);
}

// Source: the Granite model cards; llama.cpp divides the logits by logit_scale.
Status read_scales(KeyReader& keys, const DecoderTraits& traits, HyperParameters& out) {
  const bool is_by_width = out.layers == traits.layers_scaled_by_width;
  const std::size_t scaled_by = is_by_width ? out.width / out.heads : out.head_dim;
  SIXFOLD_TRY(out.attention_scale, read_scale(keys, "attention.scale", 1 / std::sqrt(static_cast<double>(scaled_by))));
  if (traits.is_embedding_scaled) out.embedding_scale = std::sqrt(static_cast<float>(out.width));
  if (!traits.has_scales) return ok();
  SIXFOLD_TRY(out.embedding_scale, read_scale(keys, "embedding_scale", 1));
  SIXFOLD_TRY(out.residual_scale, read_scale(keys, "residual_scale", 1));
  SIXFOLD_TRY(const double logit_divisor, keys.number_or("logit_scale", kScaleRange, 1));
  out.logit_scale = static_cast<float>(1 / logit_divisor);
  return ok();
}

// 0 means none.
Result<float> read_cap(KeyReader& keys, std::string_view name, double fallback) {
  SIXFOLD_TRY(const double cap, keys.number_or(name, {0, kScaleRange.high}, fallback));
  if (cap != 0 && cap < kScaleRange.low) return keys.out_of_range(name, cap, kScaleRange.low, kScaleRange.high);
  return static_cast<float>(cap);
}

// Keys that change what a model computes, each with the values that change nothing: a file that has another value in a
// key which its architecture does not read would be computed wrongly.
struct NeutralKey {
  std::string_view name;
  double neutral = 0;
  double neutral_too = 0;
};
constexpr NeutralKey kNeutralKeys[] = {
    {"attention.clamp_kqv", 0, 0},
    {"attention.kv_lora_rank", 0, 0},
    {"attention.max_alibi_bias", 0, 0},
    {"attention.output_scale", 0, 1},
    {"attention.q_lora_rank", 0, 0},
    {"attention.sliding_window", 0, 0},
    {"attention.sliding_window_pattern", 0, 1},
    {"attention.temperature_length", 0, 0},
    {"attention.temperature_scale", 0, 0},
    {"attention.value_scale", 0, 1},
    {"attn_logit_softcapping", 0, 0},
    {"embedding_scale", 0, 1},
    {"expert_gating_func", 0, 1},
    {"expert_group_count", 0, 1},
    {"expert_shared_count", 0, 0},
    {"expert_shared_feed_forward_length", 0, 0},
    {"expert_weights_scale", 0, 1},
    {"final_logit_softcapping", 0, 0},
    {"interleave_moe_layer_step", 0, 1},
    {"leading_dense_block_count", 0, 0},
    {"logit_scale", 0, 1},
    {"residual_scale", 0, 1},
    {"rope.freq_base_swa", 0, 0},
    {"rope.scaling.yarn_log_multiplier", 0, 0},
    {"router_logit_softcapping", 0, 0},
    {"swin_norm", 0, 0},
};

Status expect_nothing_else(KeyReader& keys, const DecoderTraits& traits) {
  SIXFOLD_TRY(const bool is_causal, keys.boolean_or("attention.causal", traits.is_causal));
  if (is_causal != traits.is_causal) return keys.unsupported("attention.causal", "want {}", traits.is_causal);
  for (const NeutralKey& key : kNeutralKeys) {
    if (keys.is_read(key.name) || !keys.has(key.name)) continue;
    if (const bool* flag = keys.find<bool>(key.name)) {
      if (!*flag || key.neutral_too == 1) continue;
      return keys.unsupported(key.name, "true, which is not a part of this architecture");
    }
    SIXFOLD_TRY(const double value, keys.number(key.name, {-1e300, 1e300}));
    if (value != key.neutral && value != key.neutral_too) {
      return keys.unsupported(key.name, "{}, which is not a part of this architecture", value);
    }
  }
  return ok();
}

}  // namespace

Result<HyperParameters> read_hyper_parameters(const formats::Checkpoint& checkpoint, std::string_view architecture,
                                              const DecoderTraits& traits) {
  KeyReader keys(checkpoint, architecture);
  HyperParameters out;
  SIXFOLD_TRY(out.layers, keys.count("block_count", limits::kLayersMax));
  SIXFOLD_TRY(out.width, keys.count("embedding_length", limits::kWidthMax));
  SIXFOLD_TRY(out.feed_forward, keys.count("feed_forward_length", limits::kWidthMax));
  SIXFOLD_TRY(out.context, keys.count("context_length", limits::kContextMax));
  SIXFOLD_TRY_STATUS(read_experts(keys, traits, out));
  SIXFOLD_TRY_STATUS(read_heads(keys, out));
  SIXFOLD_TRY_STATUS(read_window(keys, traits, out));
  const bool is_rms = traits.norm == NormKind::kRms;
  SIXFOLD_TRY(const double epsilon,
              keys.number(is_rms ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon", {0, 1}));
  out.epsilon = static_cast<float>(epsilon);
  if (!traits.has_learned_positions) {
    SIXFOLD_TRY(out.rope, read_rope(keys, {.pairing = traits.rope_pairing,
                                           .head_dim = out.head_dim,
                                           .context = out.context,
                                           .has_long_rope = traits.has_long_rope}));
  }
  if (traits.local_rope_base != 0) {
    SIXFOLD_TRY(out.local_rope, read_local_rope(keys, out.rope, traits.local_rope_base));
  }
  SIXFOLD_TRY_STATUS(read_scales(keys, traits, out));
  if (traits.has_soft_caps) {
    SIXFOLD_TRY(out.attention_cap, read_cap(keys, "attn_logit_softcapping", traits.attention_cap_without_key));
    SIXFOLD_TRY(out.logit_cap, read_cap(keys, "final_logit_softcapping", traits.logit_cap_without_key));
  }
  SIXFOLD_TRY_STATUS(expect_nothing_else(keys, traits));
  return out;
}

}  // namespace sixfold::model
