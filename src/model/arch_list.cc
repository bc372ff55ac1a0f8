// One row per architecture.  To add one: its file with a load function (or new traits of an existing one), and its row.
#include "model/arch_list.h"

namespace sixfold::model {
namespace {

using kernels::RopePairing;

constexpr Architecture kArchitectures[] = {
    // LLaMA 1-3, Mistral, Mixtral, SmolLM, TinyLlama.
    {.name = "llama",
     .load = load_llama,
     .traits = {.rope_pairing = RopePairing::kInterleaved,
                .qkv_bias = Presence::kOptional,
                .output_bias = Presence::kOptional,
                .experts = Presence::kOptional}},
    // Qwen 2 and 2.5, arXiv:2407.10671.
    {.name = "qwen2",
     .load = load_llama,
     .traits = {.rope_pairing = RopePairing::kHalves, .qkv_bias = Presence::kRequired}},
    // Qwen 3, arXiv:2505.09388.
    {.name = "qwen3", .load = load_llama, .traits = {.rope_pairing = RopePairing::kHalves, .has_head_norm = true}},
    {.name = "qwen3moe",
     .load = load_llama,
     .traits = {.rope_pairing = RopePairing::kHalves, .has_head_norm = true, .experts = Presence::kRequired}},
    // Granite 3, arXiv:2405.04324 and its model cards.
    {.name = "granite",
     .load = load_llama,
     .traits = {.rope_pairing = RopePairing::kInterleaved,
                .qkv_bias = Presence::kOptional,
                .output_bias = Presence::kOptional,
                .has_scales = true}},
};

}  // namespace

std::span<const Architecture> architectures() {
  return kArchitectures;
}

}  // namespace sixfold::model
