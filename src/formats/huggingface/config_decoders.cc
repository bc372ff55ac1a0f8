// What the decoders have in common, and below it what each adds.
#include "formats/huggingface/config_decoders.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "core/limits.h"
#include "formats/checkpoint_builder.h"
#include "formats/huggingface/config_rope.h"
#include "formats/huggingface/config_shape.h"

namespace sixfold::formats::huggingface {
namespace {

constexpr std::uint64_t kWindowMax = std::uint64_t{1} << 40;  // far beyond any context, as some have it

struct DecoderDefaults {
  std::string_view epsilon_field = "rms_norm_eps";
  std::string_view epsilon_key = "attention.layer_norm_rms_epsilon";
  // Of the feed-forward block, by any of its names; one architecture computes with one of them.
  std::initializer_list<std::string_view> activations = {"silu", "swish"};
  std::string_view activation_field = "hidden_act";
  bool is_tied = false;
  RopeDefaults rope = {};
};

Status check_activation(const ConfigReader& config, std::string_view field,
                        std::initializer_list<std::string_view> supported) {
  SIXFOLD_TRY(const std::string_view name, config.text_or(field, *supported.begin()));
  if (std::find(supported.begin(), supported.end(), name) != supported.end()) return ok();
  return config.unsupported(field, "{} is not supported, want {}", shown_text(name), shown_text(*supported.begin()));
}

// Some programs keep quantized weights in safetensors, under this heading.
Status refuse_quantized(const ConfigReader& config) {
  SIXFOLD_TRY(const auto quantization, config.object("quantization_config"));
  if (!quantization) return ok();
  SIXFOLD_TRY(const std::string_view method, quantization->text_or("quant_method", "unknown"));
  return config.unsupported("quantization_config", "{} weights are not supported, want F32, F16 or BF16",
                            shown_text(method));
}

// Told from a body alone, which some embedding models are, by the class that wrote the folder.
bool is_language_model(const ConfigReader& config) {
  const auto classes = config.texts("architectures");
  if (!classes.is_ok() || classes->empty()) return true;
  return classes->front().ends_with("ForCausalLM") || classes->front().ends_with("LMHeadModel");
}

Result<ModelFacts> read_decoder(const ConfigReader& config, const DecoderDefaults& defaults) {
  SIXFOLD_TRY_STATUS(refuse_quantized(config));
  SIXFOLD_TRY_STATUS(check_activation(config, defaults.activation_field, defaults.activations));
  ModelFacts facts;
  SIXFOLD_TRY(const Shape shape, read_shape(config, {}, facts));
  SIXFOLD_TRY(facts.is_tied, config.boolean_or("tie_word_embeddings", defaults.is_tied));
  SIXFOLD_TRY(const std::uint64_t kv_heads, config.count_or("num_key_value_heads", limits::kWidthMax, shape.heads));
  SIXFOLD_TRY(const std::uint64_t head_dim, config.count_or("head_dim", limits::kWidthMax, shape.width / shape.heads));
  SIXFOLD_TRY(const double epsilon, config.number(defaults.epsilon_field));
  facts.wants_output = is_language_model(config);
  facts.add("attention.head_count_kv", kv_heads);
  facts.add("attention.key_length", head_dim);
  facts.add("attention.value_length", head_dim);
  facts.add(defaults.epsilon_key, epsilon);
  SIXFOLD_TRY_STATUS(read_rope(config, shape.context, head_dim, defaults.rope, facts));
  return facts;
}

// Which layers have a window, as layer_types says; nothing when it does not say.
Result<std::optional<std::vector<bool>>> windowed_layers(const ConfigReader& config, std::uint64_t layers) {
  if (!config.has("layer_types")) return std::optional<std::vector<bool>>();
  SIXFOLD_TRY(const auto types, config.texts("layer_types"));
  if (types.size() != layers) return config.wrong("layer_types", fmt::format("{} layers", layers));
  std::vector<bool> windowed;
  for (const std::string_view type : types) {
    if (type != "full_attention" && type != "sliding_attention") {
      return config.unsupported("layer_types", "{} is not supported, want full_attention or sliding_attention",
                                shown_text(type));
    }
    windowed.push_back(type == "sliding_attention");
  }
  return std::optional(std::move(windowed));
}

// In all layers, unless layer_types says otherwise.
Status add_window(const ConfigReader& config, ModelFacts& facts) {
  if (!config.has("sliding_window")) return ok();
  SIXFOLD_TRY(const std::uint64_t window, config.count("sliding_window", kWindowMax));
  SIXFOLD_TRY(auto windowed, windowed_layers(config, facts.layers));
  if (windowed && std::find(windowed->begin(), windowed->end(), true) == windowed->end()) return ok();
  facts.add("attention.sliding_window", window);
  if (windowed) facts.add("attention.sliding_window_pattern", std::move(*windowed));
  return ok();
}

// Qwen's windows are off in every published model; without a list, layers from max_window_layers on have them.
Status add_qwen_window(const ConfigReader& config, ModelFacts& facts) {
  SIXFOLD_TRY(const bool is_used, config.boolean_or("use_sliding_window", false));
  if (!is_used) return ok();
  if (config.has("layer_types")) return add_window(config, facts);
  SIXFOLD_TRY(const std::uint64_t window, config.count("sliding_window", kWindowMax));
  SIXFOLD_TRY(const double first, config.number_or("max_window_layers", 28));
  std::vector<bool> windowed(facts.layers);
  for (std::size_t i = 0; i < windowed.size(); ++i) windowed[i] = static_cast<double>(i) >= first;
  facts.add("attention.sliding_window", window);
  facts.add("attention.sliding_window_pattern", std::move(windowed));
  return ok();
}

Status add_experts(const ConfigReader& config, std::string_view count_field, ModelFacts& facts) {
  SIXFOLD_TRY(const std::uint64_t experts, config.count(count_field, limits::kWidthMax));
  SIXFOLD_TRY(const std::uint64_t used, config.count("num_experts_per_tok", experts));
  facts.add("expert_count", experts);
  facts.add("expert_used_count", used);
  return ok();
}

// Every layer has experts, of their own size; their shares sum to one only where GGUF's architecture does that.
Status add_qwen_experts(const ConfigReader& config, bool are_shares_normed, ModelFacts& facts) {
  SIXFOLD_TRY_STATUS(add_experts(config, "num_experts", facts));
  SIXFOLD_TRY(const std::uint64_t size, config.count("moe_intermediate_size", limits::kWidthMax));
  facts.add("expert_feed_forward_length", size);
  SIXFOLD_TRY_STATUS(config.expect("norm_topk_prob", are_shares_normed, false));
  SIXFOLD_TRY(const double step, config.number_or("decoder_sparse_step", 1));
  if (step != 1) return config.unsupported("decoder_sparse_step", "{} is not supported, want 1", step);
  const json::value* dense = config.find("mlp_only_layers");
  if (dense != nullptr && !(dense->is_array() && dense->get_array().empty())) {
    return config.unsupported("mlp_only_layers", "{} is not supported, want []", shown_json(*dense));
  }
  return ok();
}

Result<ModelFacts> read_qwen(const ConfigReader& config) {
  SIXFOLD_TRY(ModelFacts facts, read_decoder(config, {}));
  SIXFOLD_TRY_STATUS(add_qwen_window(config, facts));
  return facts;
}

// Gemma computes the tanh form whatever older files call it.
Result<ModelFacts> read_gemma_decoder(const ConfigReader& config, double rope_base) {
  const std::string_view field = config.has("hidden_activation") ? "hidden_activation" : "hidden_act";
  return read_decoder(config, {.activations = {"gelu_pytorch_tanh", "gelu"},
                               .activation_field = field,
                               .is_tied = true,
                               .rope = {.base = rope_base}});
}

Status add_query_scale(const ConfigReader& config, ModelFacts& facts) {
  if (!config.has("query_pre_attn_scalar")) return ok();
  SIXFOLD_TRY(const double scalar, config.number("query_pre_attn_scalar"));
  if (scalar <= 0) return config.wrong("query_pre_attn_scalar", "a number above 0");
  facts.add("attention.scale", 1 / std::sqrt(scalar));
  return ok();
}

// GGUF's architecture has no key for these layers: the last of every four has no positions.
Status expect_positionless_layers(const ConfigReader& config, std::uint64_t layers) {
  constexpr std::uint64_t kPeriod = 4;
  const json::value* list = config.find("no_rope_layers");
  if (list == nullptr) {
    SIXFOLD_TRY(const double period, config.number_or("no_rope_layer_interval", kPeriod));
    if (period == kPeriod) return ok();
    return config.unsupported("no_rope_layer_interval", "{} is not supported, want {}", period, kPeriod);
  }
  if (!list->is_array()) return config.wrong("no_rope_layers", fmt::format("an array of {} layers", layers));
  if (const std::size_t count = list->get_array().size(); count < layers) {
    return config.unsupported("no_rope_layers", "want {} layers, got {}", layers, count);
  }
  for (std::uint64_t layer = 0; layer < layers; ++layer) {
    const std::uint64_t want = (layer + 1) % kPeriod == 0 ? 0 : 1;
    if (as_unsigned(list->get_array()[layer]) == want) continue;
    return config.unsupported("no_rope_layers", "{} of layer {} is not supported, want {}",
                              shown_json(list->get_array()[layer]), layer, want);
  }
  return ok();
}

// Numbers that are passed on under another name, where they are there.
struct PlainField {
  std::string_view theirs;
  std::string_view ours;
};
Status add_numbers(const ConfigReader& config, std::initializer_list<PlainField> fields, ModelFacts& facts) {
  for (const PlainField& field : fields) {
    if (!config.has(field.theirs)) continue;
    SIXFOLD_TRY(const double value, config.number(field.theirs));
    facts.add(field.ours, value);
  }
  return ok();
}

Status add_soft_caps(const ConfigReader& config, ModelFacts& facts) {
  return add_numbers(
      config,
      {{"attn_logit_softcapping", "attn_logit_softcapping"}, {"final_logit_softcapping", "final_logit_softcapping"}},
      facts);
}

}  // namespace

Result<ModelFacts> read_llama(const ConfigReader& config) {
  return read_decoder(config, {});
}

Result<ModelFacts> read_mistral(const ConfigReader& config) {
  SIXFOLD_TRY(ModelFacts facts, read_decoder(config, {}));
  SIXFOLD_TRY_STATUS(add_window(config, facts));
  return facts;
}

Result<ModelFacts> read_mixtral(const ConfigReader& config) {
  SIXFOLD_TRY(ModelFacts facts, read_decoder(config, {.rope = {.base = 1e6}}));
  SIXFOLD_TRY_STATUS(add_window(config, facts));
  SIXFOLD_TRY_STATUS(add_experts(config, "num_local_experts", facts));
  return facts;
}

Result<ModelFacts> read_smollm3(const ConfigReader& config) {
  SIXFOLD_TRY(ModelFacts facts, read_decoder(config, {.is_tied = true, .rope = {.base = 2e6}}));
  SIXFOLD_TRY_STATUS(config.expect("use_sliding_window", false, false));
  SIXFOLD_TRY_STATUS(expect_positionless_layers(config, facts.layers));
  return facts;
}

Result<ModelFacts> read_granite(const ConfigReader& config) {
  SIXFOLD_TRY(ModelFacts facts, read_decoder(config, {}));
  SIXFOLD_TRY_STATUS(add_numbers(config,
                                 {{"embedding_multiplier", "embedding_scale"},
                                  {"residual_multiplier", "residual_scale"},
                                  {"attention_multiplier", "attention.scale"},
                                  {"logits_scaling", "logit_scale"}},
                                 facts));
  return facts;
}

Result<ModelFacts> read_qwen2(const ConfigReader& config) {
  return read_qwen(config);
}

Result<ModelFacts> read_qwen3(const ConfigReader& config) {
  return read_qwen(config);
}

Result<ModelFacts> read_qwen2_moe(const ConfigReader& config) {
  SIXFOLD_TRY(ModelFacts facts, read_qwen(config));
  SIXFOLD_TRY_STATUS(add_qwen_experts(config, false, facts));
  SIXFOLD_TRY(const std::uint64_t shared, config.count("shared_expert_intermediate_size", limits::kWidthMax));
  facts.add("expert_shared_feed_forward_length", shared);
  return facts;
}

Result<ModelFacts> read_qwen3_moe(const ConfigReader& config) {
  SIXFOLD_TRY(ModelFacts facts, read_qwen(config));
  SIXFOLD_TRY_STATUS(add_qwen_experts(config, true, facts));
  return facts;
}

Result<ModelFacts> read_gemma(const ConfigReader& config) {
  return read_gemma_decoder(config, 10000);
}

Result<ModelFacts> read_gemma2(const ConfigReader& config) {
  SIXFOLD_TRY(ModelFacts facts, read_gemma_decoder(config, 10000));
  SIXFOLD_TRY_STATUS(add_window(config, facts));
  SIXFOLD_TRY_STATUS(add_query_scale(config, facts));
  SIXFOLD_TRY_STATUS(add_soft_caps(config, facts));
  return facts;
}

// Layers with a window have a rotary base of their own.
Result<ModelFacts> read_gemma3(const ConfigReader& config) {
  SIXFOLD_TRY(ModelFacts facts, read_gemma_decoder(config, 1e6));
  SIXFOLD_TRY_STATUS(add_window(config, facts));
  if (config.has("sliding_window_pattern") && !config.has("layer_types")) {
    SIXFOLD_TRY(const std::uint64_t period, config.count("sliding_window_pattern", limits::kLayersMax));
    facts.add("attention.sliding_window_pattern", period);
  }
  SIXFOLD_TRY_STATUS(add_query_scale(config, facts));
  SIXFOLD_TRY_STATUS(add_soft_caps(config, facts));
  SIXFOLD_TRY(const double base, config.number_or("rope_local_base_freq", 10000));
  facts.add("rope.freq_base_swa", base);
  return facts;
}

Result<ModelFacts> read_phi3(const ConfigReader& config) {
  SIXFOLD_TRY(ModelFacts facts, read_decoder(config, {}));
  SIXFOLD_TRY_STATUS(add_window(config, facts));
  return facts;
}

Result<ModelFacts> read_olmo2(const ConfigReader& config) {
  return read_decoder(config, {});
}

Result<ModelFacts> read_starcoder2(const ConfigReader& config) {
  SIXFOLD_TRY(ModelFacts facts, read_decoder(config, {.epsilon_field = "norm_epsilon",
                                                      .epsilon_key = "attention.layer_norm_epsilon",
                                                      .activations = {"gelu_pytorch_tanh", "gelu_new"},
                                                      .is_tied = true}));
  SIXFOLD_TRY_STATUS(add_window(config, facts));
  return facts;
}

// The oldest of them has names of its own for everything.
Result<ModelFacts> read_gpt2(const ConfigReader& config) {
  SIXFOLD_TRY_STATUS(refuse_quantized(config));
  SIXFOLD_TRY_STATUS(check_activation(config, "activation_function", {"gelu_new", "gelu_pytorch_tanh"}));
  SIXFOLD_TRY_STATUS(config.expect("scale_attn_weights", true, true));
  SIXFOLD_TRY_STATUS(config.expect("scale_attn_by_inverse_layer_idx", false, false));
  SIXFOLD_TRY_STATUS(config.expect("add_cross_attention", false, false));
  ModelFacts facts;
  ShapeFields fields = kGpt2Fields;
  fields.feed_forward_factor = 4;
  SIXFOLD_TRY(const Shape shape, read_shape(config, fields, facts));
  SIXFOLD_TRY(facts.is_tied, config.boolean_or("tie_word_embeddings", true));
  SIXFOLD_TRY(const double epsilon, config.number_or("layer_norm_epsilon", 1e-5));
  facts.wants_output = is_language_model(config);
  facts.add("context_length", shape.context);
  facts.add("attention.layer_norm_epsilon", epsilon);
  return facts;
}

}  // namespace sixfold::formats::huggingface
