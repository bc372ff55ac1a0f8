// One row per architecture.  To add one: its file with a load function (or new traits of an existing one), and its row.
#include "model/arch_list.h"

namespace sixfold::model {
namespace {

using kernels::Activation;
using kernels::RopePairing;

constexpr Architecture kArchitectures[] = {
    // LLaMA 1-3, Mistral, Mixtral, SmolLM, TinyLlama.
    {.name = "llama",
     .load = load_decoder,
     .traits = {.rope_pairing = RopePairing::kInterleaved,
                .qkv_bias = Presence::kOptional,
                .output_bias = Presence::kOptional,
                .experts = Presence::kOptional}},
    // SmolLM 3 (huggingface.co/HuggingFaceTB/SmolLM3-3B).
    {.name = "smollm3",
     .load = load_decoder,
     .traits = {.rope_pairing = RopePairing::kInterleaved, .positionless_period = 4, .window = Presence::kNever}},
    // Qwen 2 and 2.5, arXiv:2407.10671.
    {.name = "qwen2",
     .load = load_decoder,
     .traits = {.rope_pairing = RopePairing::kHalves, .qkv_bias = Presence::kRequired}},
    // Qwen 1.5 and 2 mixtures, arXiv:2407.10671.
    {.name = "qwen2moe",
     .load = load_decoder,
     .traits = {.rope_pairing = RopePairing::kHalves,
                .qkv_bias = Presence::kRequired,
                .experts = Presence::kRequired,
                .renormalizes_shares = false,
                .has_shared_expert = true}},
    // Qwen 3, arXiv:2505.09388.
    {.name = "qwen3",
     .load = load_decoder,
     .traits = {.rope_pairing = RopePairing::kHalves, .query_key_norm = QueryKeyNorm::kHead}},
    {.name = "qwen3moe",
     .load = load_decoder,
     .traits = {.rope_pairing = RopePairing::kHalves,
                .query_key_norm = QueryKeyNorm::kHead,
                .experts = Presence::kRequired}},
    // Granite 3, arXiv:2405.04324 and its model cards.
    {.name = "granite",
     .load = load_decoder,
     .traits = {.rope_pairing = RopePairing::kInterleaved,
                .qkv_bias = Presence::kOptional,
                .output_bias = Presence::kOptional,
                .has_scales = true}},
    // Gemma, arXiv:2403.08295.
    {.name = "gemma",
     .load = load_decoder,
     .traits = {.rope_pairing = RopePairing::kHalves,
                .window = Presence::kNever,
                .activation = Activation::kGeluTanh,
                .is_embedding_scaled = true}},
    // Gemma 2, arXiv:2408.00118.
    {.name = "gemma2",
     .load = load_decoder,
     .traits = {.rope_pairing = RopePairing::kHalves,
                .window = Presence::kRequired,
                .window_period = 2,
                .layers_scaled_by_width = 46,
                .has_post_norms = true,
                .activation = Activation::kGeluTanh,
                .is_embedding_scaled = true,
                .has_soft_caps = true,
                .attention_cap_without_key = 50,
                .logit_cap_without_key = 30}},
    // Gemma 3, arXiv:2503.19786.
    {.name = "gemma3",
     .load = load_decoder,
     .traits = {.rope_pairing = RopePairing::kHalves,
                .local_rope_base = 10000,
                .window = Presence::kRequired,
                .window_period = 6,
                .query_key_norm = QueryKeyNorm::kHead,
                .layers_scaled_by_width = 62,
                .has_post_norms = true,
                .activation = Activation::kGeluTanh,
                .is_embedding_scaled = true,
                .has_soft_caps = true}},
    // Phi 3, 3.5 and 4, arXiv:2404.14219; long contexts: arXiv:2402.13753.
    {.name = "phi3",
     .load = load_decoder,
     .traits = {.rope_pairing = RopePairing::kHalves,
                .has_long_rope = true,
                .feed_forward = FeedForwardKind::kFusedGated}},
    // GPT-2 (Radford et al., 2019).
    {.name = "gpt2",
     .load = load_decoder,
     .traits = {.has_learned_positions = true,
                .window = Presence::kNever,
                .qkv_bias = Presence::kRequired,
                .output_bias = Presence::kRequired,
                .norm = NormKind::kLayer,
                .feed_forward = FeedForwardKind::kPlain,
                .activation = Activation::kGeluTanh,
                .feed_forward_bias = Presence::kRequired}},
    // StarCoder 2, arXiv:2402.19173.
    {.name = "starcoder2",
     .load = load_decoder,
     .traits = {.rope_pairing = RopePairing::kHalves,
                .qkv_bias = Presence::kRequired,
                .output_bias = Presence::kRequired,
                .norm = NormKind::kLayer,
                .feed_forward = FeedForwardKind::kPlain,
                .activation = Activation::kGeluTanh,
                .feed_forward_bias = Presence::kRequired}},
    // OLMo 2, arXiv:2501.00656.
    {.name = "olmo2",
     .load = load_decoder,
     .traits = {.rope_pairing = RopePairing::kHalves,
                .window = Presence::kNever,
                .query_key_norm = QueryKeyNorm::kProjection,
                .has_pre_norms = false,
                .has_post_norms = true}},
};

constexpr EncoderArchitecture kEncoderArchitectures[] = {
    // BERT, DistilBERT, RoBERTa, XLM-R, MiniLM, BGE, E5, GTE: arXiv:1810.04805, arXiv:1907.11692, arXiv:1911.02116.
    {.name = "bert",
     .load = load_bert,
     .traits = {.is_causal = false,
                .has_learned_positions = true,
                .norm = NormKind::kLayer,
                .feed_forward = FeedForwardKind::kPlain,
                .activation = Activation::kGeluErf}},
    // Nomic Embed 1 and 1.5, arXiv:2402.01613.
    {.name = "nomic-bert",
     .load = load_bert,
     .traits = {.is_causal = false, .rope_pairing = RopePairing::kHalves, .norm = NormKind::kLayer}},
};

}  // namespace

std::span<const Architecture> architectures() {
  return kArchitectures;
}

std::span<const EncoderArchitecture> encoder_architectures() {
  return kEncoderArchitectures;
}

}  // namespace sixfold::model
