// What load refuses, and how it says so.
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "model_runner.h"
#include "tiny_model.h"

namespace sixfold::test {
namespace {

Result<std::unique_ptr<Model>> load_tiny(TinyModel& tiny) {
  return model::load(tiny.open(), shared_pool(), {.rows_max = 8});
}

struct Damage {
  const char* name;
  std::function<void(TinyModel&)> apply;
  ErrorCode code;
  const char* message;  // contained in the error's
};

class LoadRefuses : public testing::TestWithParam<Damage> {};

TEST_P(LoadRefuses, damaged_file) {
  TinyModel tiny;
  ASSERT_TRUE(load_tiny(tiny).is_ok());
  GetParam().apply(tiny);
  const auto loaded = load_tiny(tiny);
  ASSERT_FALSE(loaded.is_ok());
  EXPECT_EQ(loaded.error().code, GetParam().code) << loaded.error().message;
  EXPECT_NE(loaded.error().message.find(GetParam().message), std::string::npos) << loaded.error().message;
  EXPECT_TRUE(loaded.error().message.starts_with("tiny.gguf: ")) << loaded.error().message;
}

Damage set_key(const char* name, const char* key, formats::MetadataValue value, const char* message,
               ErrorCode code = ErrorCode::kCorruptData) {
  return {name, [key, value](TinyModel& tiny) { tiny.set(key, value); }, code, message};
}

Damage erase_key(const char* name, const char* key) {
  return {name, [key](TinyModel& tiny) { tiny.erase(key); }, ErrorCode::kCorruptData, key};
}

const std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();

INSTANTIATE_TEST_SUITE_P(
    HyperParameters, LoadRefuses,
    testing::Values(
        erase_key("no_architecture", "general.architecture"), erase_key("no_layers", "llama.block_count"),
        erase_key("no_width", "llama.embedding_length"), erase_key("no_context", "llama.context_length"),
        erase_key("no_feed_forward", "llama.feed_forward_length"), erase_key("no_heads", "llama.attention.head_count"),
        erase_key("no_epsilon", "llama.attention.layer_norm_rms_epsilon"),
        set_key(
            "unknown_architecture", "general.architecture", std::string("perceiver"),
            "architecture \"perceiver\": not supported, want one of llama, smollm3, qwen2, qwen2moe, qwen3, qwen3moe, "
            "granite, gemma",
            ErrorCode::kInvalidArgument),
        set_key("layers_0", "llama.block_count", std::uint64_t{0}, "llama.block_count: 0, want 1 to 1024"),
        set_key("layers_huge", "llama.block_count", kHuge, "want 1 to 1024"),
        set_key("layers_missing", "llama.block_count", std::uint64_t{3}, "tensor blk.2.attn_norm.weight: missing"),
        set_key("width_huge", "llama.embedding_length", kHuge, "llama.embedding_length"),
        set_key("width_of_other_tensors", "llama.embedding_length", std::uint64_t{32},
                "tensor token_embd.weight: shape [40, 16], want [40, 32]"),
        set_key("width_text", "llama.embedding_length", std::string("16"), "llama.embedding_length"),
        set_key("context_0", "llama.context_length", std::uint64_t{0}, "llama.context_length"),
        set_key("context_huge", "llama.context_length", kHuge, "llama.context_length"),
        set_key("heads_0", "llama.attention.head_count", std::uint64_t{0}, "llama.attention.head_count: 0"),
        set_key("heads_not_divisible", "llama.attention.head_count", std::uint64_t{5}, "want a divisor"),
        set_key("heads_huge", "llama.attention.head_count", std::uint64_t{1} << 20, "at most 1048576 in all"),
        set_key("kv_heads_0", "llama.attention.head_count_kv", std::uint64_t{0}, "head_count_kv: 0"),
        set_key("kv_heads_not_divisor", "llama.attention.head_count_kv", std::uint64_t{3},
                "head_count_kv: 3, want a divisor of head_count 4"),
        set_key("head_odd", "llama.attention.key_length", std::uint64_t{3}, "want an even size"),
        set_key("value_length_other", "llama.attention.value_length", std::uint64_t{8},
                "value_length: 8, want the key length 4", ErrorCode::kInvalidArgument),
        set_key("epsilon_nan", "llama.attention.layer_norm_rms_epsilon", std::numeric_limits<double>::quiet_NaN(),
                "layer_norm_rms_epsilon: nan"),
        set_key("epsilon_negative", "llama.attention.layer_norm_rms_epsilon", -1e-5, "layer_norm_rms_epsilon"),
        set_key("experts_without_number_used", "llama.expert_count", std::uint64_t{4}, "llama.expert_used_count"),
        set_key("experts_huge", "llama.expert_count", kHuge, "llama.expert_count"),
        set_key("window_0", "llama.attention.sliding_window", std::uint64_t{0}, "sliding_window: 0"),
        set_key("rope_dimensions_odd", "llama.rope.dimension_count", std::uint64_t{3}, "want an even number"),
        set_key("rope_dimensions_too_many", "llama.rope.dimension_count", std::uint64_t{6}, "up to the head size 4"),
        set_key("rope_base_0", "llama.rope.freq_base", 0.0, "llama.rope.freq_base: 0"),
        set_key("rope_base_infinite", "llama.rope.freq_base", std::numeric_limits<double>::infinity(), "freq_base"),
        set_key("rope_factor_negative", "llama.rope.scaling.factor", -1.0, "rope.scaling.factor"),
        set_key("score_cap_of_another_architecture", "llama.attn_logit_softcapping", 50.0,
                "llama.attn_logit_softcapping: 50, which is not a part of this architecture",
                ErrorCode::kInvalidArgument),
        set_key("logit_cap_nan", "llama.final_logit_softcapping", std::numeric_limits<double>::quiet_NaN(),
                "llama.final_logit_softcapping: nan"),
        set_key("residual_scale_of_another_architecture", "llama.residual_scale", 0.5, "llama.residual_scale: 0.5",
                ErrorCode::kInvalidArgument),
        set_key("experts_chosen_otherwise", "llama.expert_gating_func", std::uint64_t{2}, "llama.expert_gating_func: 2",
                ErrorCode::kInvalidArgument),
        set_key("norm_between", "llama.swin_norm", true, "llama.swin_norm: true", ErrorCode::kInvalidArgument),
        set_key("encoder", "llama.attention.causal", false, "llama.attention.causal: want true",
                ErrorCode::kInvalidArgument),
        set_key("window_pattern_without_window", "llama.attention.sliding_window_pattern", std::uint64_t{2},
                "llama.attention.sliding_window_pattern: 2", ErrorCode::kInvalidArgument),
        set_key("rope_scaling_unknown", "llama.rope.scaling.type", std::string("longrope"),
                "\"longrope\", want none, linear or yarn", ErrorCode::kInvalidArgument)),
    [](const auto& tested) { return std::string(tested.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Tensors, LoadRefuses,
    testing::Values(Damage{"missing", [](TinyModel& tiny) { tiny.erase_tensor("blk.1.ffn_up.weight"); },
                           ErrorCode::kCorruptData, "tensor blk.1.ffn_up.weight: missing"},
                    Damage{"no_embedding", [](TinyModel& tiny) { tiny.erase_tensor("token_embd.weight"); },
                           ErrorCode::kCorruptData, "tensor token_embd.weight: missing"},
                    Damage{"embedding_of_rank_1",
                           [](TinyModel& tiny) { tiny.add_random_tensor("token_embd.weight", {640}, 1); },
                           ErrorCode::kCorruptData, "tensor token_embd.weight: shape [640]"},
                    Damage{"transposed",
                           [](TinyModel& tiny) {
                             tiny.add_random_tensor("blk.0.ffn_down.weight", {24, 16}, 1);
                           },
                           ErrorCode::kCorruptData, "tensor blk.0.ffn_down.weight: shape [24, 16], want [16, 24]"},
                    Damage{"norm_short", [](TinyModel& tiny) { tiny.add_random_tensor("output_norm.weight", {15}, 1); },
                           ErrorCode::kCorruptData, "tensor output_norm.weight: shape [15], want [16]"},
                    Damage{"output_of_other_vocabulary",
                           [](TinyModel& tiny) {
                             tiny.add_random_tensor("output.weight", {39, 16}, 1);
                           },
                           ErrorCode::kCorruptData, "tensor output.weight: shape [39, 16], want [40, 16]"},
                    Damage{"left_over",
                           [](TinyModel& tiny) {
                             tiny.add_random_tensor("blk.0.ffn_gate_inp.weight", {4, 16}, 1);
                           },
                           ErrorCode::kInvalidArgument, "tensor blk.0.ffn_gate_inp.weight: not a part"},
                    Damage{"rope_factor_0",
                           [](TinyModel& tiny) {
                             tiny.add_tensor("rope_freqs.weight", {2}, {1, 0});
                           },
                           ErrorCode::kCorruptData, "tensor rope_freqs.weight: 0, want a positive number"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Load, needs_biases_where_the_architecture_has_them) {
  TinyModel tiny({.architecture = "qwen2", .has_qkv_bias = true});
  ASSERT_TRUE(load_tiny(tiny).is_ok());
  tiny.erase_tensor("blk.1.attn_v.bias");
  const auto loaded = load_tiny(tiny);
  ASSERT_FALSE(loaded.is_ok());
  EXPECT_EQ(loaded.error().message, "tiny.gguf: tensor blk.1.attn_v.bias: missing");
}

TEST(Load, checks_the_experts_of_a_mixture) {
  TinyModel tiny({.experts = 4, .experts_used = 2});
  ASSERT_TRUE(load_tiny(tiny).is_ok());
  tiny.set("llama.expert_used_count", std::uint64_t{5});
  EXPECT_EQ(load_tiny(tiny).error().message, "tiny.gguf: llama.expert_used_count: 5, want 1 to 4");
  tiny.set("llama.expert_used_count", std::uint64_t{2});
  tiny.set("llama.expert_count", std::uint64_t{3});
  EXPECT_EQ(load_tiny(tiny).error().message,
            "tiny.gguf: tensor blk.0.ffn_gate_inp.weight: shape [4, 16], want [3, 16]");
  TinyModel dense({.architecture = "qwen2", .has_qkv_bias = true});
  dense.set("qwen2.expert_count", std::uint64_t{0});
  EXPECT_TRUE(load_tiny(dense).is_ok());
  dense.set("qwen2.expert_count", std::uint64_t{4});
  EXPECT_EQ(load_tiny(dense).error().code, ErrorCode::kInvalidArgument);
}

// Files older than the stacked tensors hold each expert's matrices by themselves.
void split_experts(TinyModel& tiny, const std::string& stem) {
  const TinyShape& shape = tiny.shape();
  const std::span<const float> all = tiny.values(stem + "_exps.weight");
  const std::vector<float> values(all.begin(), all.end());
  tiny.erase_tensor(stem + "_exps.weight");
  const bool is_down = stem.ends_with("down");
  const std::vector<std::size_t> dims = {is_down ? shape.width : shape.feed_forward,
                                         is_down ? shape.feed_forward : shape.width};
  const std::size_t size = dims[0] * dims[1];
  for (std::size_t i = 0; i < shape.experts; ++i) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(i * size);
    tiny.add_tensor(stem + "." + std::to_string(i) + ".weight", dims,
                    {first, first + static_cast<std::ptrdiff_t>(size)});
  }
}

TEST(Load, takes_experts_that_are_tensors_of_their_own) {
  TinyModel tiny({.experts = 4, .experts_used = 2});
  const std::vector<TokenId> prompt = {1, 5, 9, 30, 7};
  const std::vector<float> stacked = Sequence(*load_tiny(tiny).value(), KvDType::kF32, 32).feed(prompt);
  for (const std::string layer : {"blk.0.", "blk.1."}) {
    for (const char* part : {"ffn_gate", "ffn_up", "ffn_down"}) split_experts(tiny, layer + part);
  }
  EXPECT_EQ(Sequence(*load_tiny(tiny).value(), KvDType::kF32, 32).feed(prompt), stacked);
  tiny.erase_tensor("blk.1.ffn_up.2.weight");
  EXPECT_EQ(load_tiny(tiny).error().message, "tiny.gguf: tensor blk.1.ffn_up.2.weight: missing");
  tiny.erase_tensor("blk.0.ffn_gate.0.weight");
  EXPECT_EQ(load_tiny(tiny).error().message, "tiny.gguf: tensor blk.0.ffn_gate_exps.weight: missing");
}

TEST(Load, takes_keys_of_other_architectures_whose_value_changes_nothing) {
  TinyModel tiny;
  tiny.set("llama.attn_logit_softcapping", 0.0);
  tiny.set("llama.residual_scale", 1.0);
  tiny.set("llama.swin_norm", false);
  tiny.set("llama.attention.causal", true);
  tiny.set("llama.expert_gating_func", std::uint64_t{1});
  EXPECT_TRUE(load_tiny(tiny).is_ok());
}

TEST(Load, checks_windows_and_caps) {
  TinyModel tiny({.architecture = "gemma2"});
  for (const std::string layer : {"blk.0.", "blk.1."}) {
    tiny.add_random_tensor(layer + "post_attention_norm.weight", {16}, 0.3F, 1);
    tiny.add_random_tensor(layer + "post_ffw_norm.weight", {16}, 0.3F, 1);
  }
  EXPECT_NE(load_tiny(tiny).error().message.find("gemma2.attention.sliding_window"), std::string::npos);
  tiny.set("gemma2.attention.sliding_window", std::uint64_t{8});
  EXPECT_TRUE(load_tiny(tiny).is_ok());
  tiny.set("gemma2.attention.sliding_window_pattern", std::vector<bool>{true});
  EXPECT_EQ(load_tiny(tiny).error().message, "tiny.gguf: gemma2.attention.sliding_window_pattern: 1 layers, want 2");
  tiny.set("gemma2.attention.sliding_window_pattern", std::uint64_t{0});
  EXPECT_EQ(load_tiny(tiny).error().message, "tiny.gguf: gemma2.attention.sliding_window_pattern: 0, want 1 to 1024");
  tiny.erase("gemma2.attention.sliding_window_pattern");
  tiny.set("gemma2.attn_logit_softcapping", -1.0);
  EXPECT_EQ(load_tiny(tiny).error().message, "tiny.gguf: gemma2.attn_logit_softcapping: -1, want 0 to 1000000");
  tiny.set("gemma2.attn_logit_softcapping", 1e-9);
  EXPECT_EQ(load_tiny(tiny).error().message, "tiny.gguf: gemma2.attn_logit_softcapping: 1e-09, want 1e-06 to 1000000");
}

TEST(Load, refuses_to_make_scratch_for_no_rows) {
  TinyModel tiny;
  const auto loaded = model::load(tiny.open(), shared_pool(), {.rows_max = 0});
  ASSERT_FALSE(loaded.is_ok());
  EXPECT_EQ(loaded.error().code, ErrorCode::kInvalidArgument);
}

TEST(Load, describes_the_model) {
  TinyModel tiny;
  tiny.set("general.name", std::string("Tiny"));
  const auto loaded = load_tiny(tiny);
  ASSERT_TRUE(loaded.is_ok());
  const model::ModelDescription& description = loaded.value()->description();
  EXPECT_EQ(description.name, "Tiny");
  EXPECT_EQ(description.architecture, "llama");
  EXPECT_EQ(description.weights, "F32");
  EXPECT_EQ(description.vocabulary, 40U);
  EXPECT_EQ(description.context_max, 128U);
  EXPECT_EQ(description.layers, 2U);
  EXPECT_EQ(description.width, 16U);
  // Per layer: two norms, q and output 16 x 16, k and v 8 x 16, three 24 x 16.
  EXPECT_EQ(description.parameters, 40U * 16 * 2 + 16 + 2 * (2 * 16 + 2 * 256 + 2 * 128 + 3 * 384));
  EXPECT_EQ(description.weight_bytes, description.parameters * 4);
  const model::KvShape kv = loaded.value()->kv_shape(KvDType::kF16);
  EXPECT_EQ(kv.layers, 2U);
  EXPECT_EQ(kv.kv_heads, 2U);
  EXPECT_EQ(kv.head_dim, 4U);
  EXPECT_EQ(kv.page_bytes(), 2U * 2 * 2 * 32 * 4 * 2);
}

TEST(Load, describes_what_the_matrices_cost) {
  TinyModel tiny;
  const auto loaded = load_tiny(tiny);
  ASSERT_TRUE(loaded.is_ok());
  const model::ModelDescription& description = loaded.value()->description();
  EXPECT_EQ(description.layer_work.f32_weights, 2U * (2 * 256 + 2 * 128 + 3 * 384));
  EXPECT_EQ(description.layer_work.int8_weights, 0U);
  EXPECT_GE(description.layer_work.bytes, 4 * description.layer_work.f32_weights);
  EXPECT_EQ(description.output_work.f32_weights, 40U * 16);
  EXPECT_EQ(description.expert_share_a_row, 0);
}

TEST(Load, describes_what_a_mixture_costs) {
  TinyModel tiny({.architecture = "qwen3moe", .has_head_norm = true, .experts = 8, .experts_used = 2});
  const auto loaded = load_tiny(tiny);
  ASSERT_TRUE(loaded.is_ok()) << loaded.error().message;
  const model::ModelDescription& description = loaded.value()->description();
  EXPECT_EQ(description.layer_work.f32_weights, 2U * (2 * 256 + 2 * 128 + 8 * 16));
  EXPECT_EQ(description.expert_work.f32_weights, 2U * 8 * 3 * 384);
  EXPECT_EQ(description.expert_share_a_row, 0.25);
}

TEST(Load, takes_the_name_from_the_file_when_there_is_none) {
  TinyModel tiny;
  EXPECT_EQ(load_tiny(tiny).value()->description().name, "tiny");
}

}  // namespace
}  // namespace sixfold::test
