// Reads both spellings: rope_theta beside rope_scaling, and rope_parameters, which holds all (transformers 5).
// Formulas: Hugging Face transformers, modeling_rope_utils; arXiv:2309.00071 (YaRN), arXiv:2402.13753 (LongRoPE).
#include "formats/huggingface/config_rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/limits.h"
#include "formats/checkpoint_builder.h"

namespace sixfold::formats::huggingface {
namespace {

struct Rope {
  std::uint64_t context = 0;  // promised; scaling may make it longer
  std::uint64_t pairs = 0;    // that rotate in each head
  double base = 0;
  // Of config.json itself, where Phi-3 keeps it.
  std::optional<std::uint64_t> context_original;
};

// What a scaling is relative to.
Result<std::uint64_t> original_context(const ConfigReader& scaling, const Rope& rope) {
  return scaling.count_or("original_max_position_embeddings", limits::kContextMax,
                          rope.context_original.value_or(rope.context));
}

Result<double> positive(const ConfigReader& config, std::string_view name) {
  SIXFOLD_TRY(const double value, config.number(name));
  if (value <= 0) return config.wrong(name, "a number above 0");
  return value;
}

Status read_linear(const ConfigReader& scaling, Rope&, ModelFacts& facts) {
  SIXFOLD_TRY(const double factor, positive(scaling, "factor"));
  facts.add("rope.scaling.type", std::string("linear"));
  facts.add("rope.scaling.factor", factor);
  return ok();
}

// The context grows with the factor, as the paper has it; config.json may say the original one still.
Status read_yarn(const ConfigReader& scaling, Rope& rope, ModelFacts& facts) {
  SIXFOLD_TRY(const double factor, positive(scaling, "factor"));
  SIXFOLD_TRY(const std::uint64_t original, original_context(scaling, rope));
  for (const std::string_view name : {"mscale", "mscale_all_dim"}) {
    if (scaling.has(name)) return scaling.unsupported(name, "a magnitude of its own is not supported");
  }
  SIXFOLD_TRY_STATUS(scaling.expect("truncate", true, true));
  const double longer = std::min(static_cast<double>(original) * factor, static_cast<double>(limits::kContextMax));
  rope.context = std::max(rope.context, static_cast<std::uint64_t>(longer));
  facts.add("rope.scaling.type", std::string("yarn"));
  facts.add("rope.scaling.factor", factor);
  facts.add("rope.scaling.original_context_length", original);
  SIXFOLD_TRY(const double beta_fast, scaling.number_or("beta_fast", 32));
  SIXFOLD_TRY(const double beta_slow, scaling.number_or("beta_slow", 1));
  facts.add("rope.scaling.yarn_beta_fast", beta_fast);
  facts.add("rope.scaling.yarn_beta_slow", beta_slow);
  if (scaling.has("attention_factor")) {
    // GGUF's multiplies YaRN's own magnitude; here it stands in its place.
    SIXFOLD_TRY(const double magnitude, positive(scaling, "attention_factor"));
    facts.add("rope.scaling.attn_factor", magnitude / (factor > 1 ? 0.1 * std::log(factor) + 1 : 1));
  }
  return ok();
}

// Divisors of each pair's frequency, which GGUF keeps as a tensor: 1 for short waves, `factor` for long ones.
Status read_llama3(const ConfigReader& scaling, Rope& rope, ModelFacts& facts) {
  SIXFOLD_TRY(const double factor, positive(scaling, "factor"));
  SIXFOLD_TRY(const double low, positive(scaling, "low_freq_factor"));
  SIXFOLD_TRY(const double high, positive(scaling, "high_freq_factor"));
  SIXFOLD_TRY(const std::uint64_t original, original_context(scaling, rope));
  if (low >= high) return scaling.wrong("low_freq_factor", "less than high_freq_factor");
  std::vector<double> divisors;
  divisors.reserve(rope.pairs);
  for (std::uint64_t i = 0; i < rope.pairs; ++i) {
    const double frequency = std::pow(rope.base, -static_cast<double>(i) / static_cast<double>(rope.pairs));
    const double waves = static_cast<double>(original) * frequency / (2 * std::numbers::pi);  // within that context
    const double smooth = std::clamp((waves - low) / (high - low), 0.0, 1.0);
    divisors.push_back(1 / ((1 - smooth) / factor + smooth));
  }
  facts.rope_factors.emplace_back("rope_freqs.weight", std::move(divisors));
  return ok();
}

Status read_longrope(const ConfigReader& scaling, Rope& rope, ModelFacts& facts) {
  SIXFOLD_TRY(const std::uint64_t original, original_context(scaling, rope));
  for (const auto& [name, tensor] :
       {std::pair{"long_factor", "rope_factors_long.weight"}, std::pair{"short_factor", "rope_factors_short.weight"}}) {
    SIXFOLD_TRY(std::vector<double> divisors, scaling.numbers(name));
    if (divisors.size() != rope.pairs) return scaling.wrong(name, fmt::format("an array of {} numbers", rope.pairs));
    facts.rope_factors.emplace_back(tensor, std::move(divisors));
  }
  // factor, when it is there, says what the two contexts would.
  const double ratio = static_cast<double>(rope.context) / static_cast<double>(original);
  SIXFOLD_TRY(const double factor, scaling.number_or("factor", ratio));
  const double usual =
      factor > 1 && original > 1 ? std::sqrt(1 + std::log(factor) / std::log(static_cast<double>(original))) : 1;
  SIXFOLD_TRY(const double magnitude, scaling.number_or("attention_factor", usual));
  facts.add("rope.scaling.type", std::string("longrope"));
  facts.add("rope.scaling.original_context_length", original);
  facts.add("rope.scaling.attn_factor", magnitude);
  return ok();
}

struct ScalingRow {
  std::string_view type;
  Status (*read)(const ConfigReader& scaling, Rope& rope, ModelFacts& facts);
};

constexpr ScalingRow kScalings[] = {
    {"default", nullptr},    {"linear", read_linear},     {"yarn", read_yarn},
    {"llama3", read_llama3}, {"longrope", read_longrope}, {"su", read_longrope},  // its first name
};

Status read_scaling(const ConfigReader& scaling, Rope& rope, ModelFacts& facts) {
  // "type" is the older spelling.
  const std::string_view name = scaling.has("rope_type") ? "rope_type" : "type";
  SIXFOLD_TRY(const std::string_view type, scaling.text_or(name, "default"));
  for (const ScalingRow& row : kScalings) {
    if (row.type != type) continue;
    return row.read == nullptr ? ok() : row.read(scaling, rope, facts);
  }
  return scaling.unsupported(name, "{} is not supported, want default, linear, yarn, llama3 or longrope",
                             shown_text(type));
}

}  // namespace

Status read_rope(const ConfigReader& config, std::uint64_t context, std::uint64_t head_dim,
                 const RopeDefaults& defaults, ModelFacts& facts) {
  SIXFOLD_TRY(const auto parameters, config.object("rope_parameters"));
  SIXFOLD_TRY(const auto scaling, config.object("rope_scaling"));
  Rope rope;
  rope.context = context;
  if (config.has("original_max_position_embeddings")) {
    SIXFOLD_TRY(rope.context_original, config.count("original_max_position_embeddings", limits::kContextMax));
  }
  SIXFOLD_TRY(rope.base, config.number_or("rope_theta", defaults.base));
  SIXFOLD_TRY(double part, config.number_or("partial_rotary_factor", defaults.rotated_part));
  if (parameters) {
    SIXFOLD_TRY(rope.base, parameters->number_or("rope_theta", rope.base));
    SIXFOLD_TRY(part, parameters->number_or("partial_rotary_factor", part));
  }
  if (part <= 0 || part > 1) return config.wrong("partial_rotary_factor", "a number above 0 and at most 1");
  if (rope.base <= 1) return config.wrong("rope_theta", "a number above 1");
  rope.pairs = static_cast<std::uint64_t>(static_cast<double>(head_dim) * part) / 2;
  facts.add("rope.freq_base", rope.base);
  facts.add("rope.dimension_count", 2 * rope.pairs);
  if (parameters || scaling) SIXFOLD_TRY_STATUS(read_scaling(parameters ? *parameters : *scaling, rope, facts));
  facts.add("context_length", rope.context);
  return ok();
}

}  // namespace sixfold::formats::huggingface
