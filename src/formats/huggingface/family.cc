// One row per family.
#include "formats/huggingface/family.h"

#include <algorithm>

#include "formats/checkpoint_builder.h"
#include "formats/huggingface/config_decoders.h"
#include "formats/huggingface/config_encoders.h"

namespace sixfold::formats::huggingface {
namespace {

const Family kFamilies[] = {
    {.model_type = "llama",
     .architecture = "llama",
     .read_config = read_llama,
     .prefix = "model.",
     .names = {kDecoderNames},
     .has_rope_halves = true},
    {.model_type = "mistral",
     .architecture = "llama",
     .read_config = read_mistral,
     .prefix = "model.",
     .names = {kDecoderNames},
     .has_rope_halves = true},
    {.model_type = "mixtral",
     .architecture = "llama",
     .read_config = read_mixtral,
     .prefix = "model.",
     .names = {kDecoderNames, kMixtralExpertNames},
     .has_rope_halves = true},
    {.model_type = "smollm3",
     .architecture = "smollm3",
     .read_config = read_smollm3,
     .prefix = "model.",
     .names = {kDecoderNames},
     .has_rope_halves = true},
    {.model_type = "granite",
     .architecture = "granite",
     .read_config = read_granite,
     .prefix = "model.",
     .names = {kDecoderNames},
     .has_rope_halves = true},
    {.model_type = "qwen2",
     .architecture = "qwen2",
     .read_config = read_qwen2,
     .prefix = "model.",
     .names = {kDecoderNames},
     .pretokenizer = "qwen2"},
    {.model_type = "qwen2_moe",
     .architecture = "qwen2moe",
     .read_config = read_qwen2_moe,
     .prefix = "model.",
     .names = {kDecoderNames, kQwenExpertNames},
     .pretokenizer = "qwen2"},
    {.model_type = "qwen3",
     .architecture = "qwen3",
     .read_config = read_qwen3,
     .prefix = "model.",
     .names = {kDecoderNames},
     .pretokenizer = "qwen2"},
    {.model_type = "qwen3_moe",
     .architecture = "qwen3moe",
     .read_config = read_qwen3_moe,
     .prefix = "model.",
     .names = {kDecoderNames, kQwenExpertNames},
     .pretokenizer = "qwen2"},
    {.model_type = "gemma",
     .architecture = "gemma",
     .read_config = read_gemma,
     .prefix = "model.",
     .names = {kDecoderNames},
     .has_norm_offsets = true},
    {.model_type = "gemma2",
     .architecture = "gemma2",
     .read_config = read_gemma2,
     .prefix = "model.",
     .names = {kPostNormNames, kDecoderNames},
     .has_norm_offsets = true},
    {.model_type = "gemma3_text",
     .architecture = "gemma3",
     .read_config = read_gemma3,
     .prefix = "model.",
     .names = {kPostNormNames, kDecoderNames},
     .has_norm_offsets = true},
    {.model_type = "phi3",
     .architecture = "phi3",
     .read_config = read_phi3,
     .prefix = "model.",
     .names = {kDecoderNames}},
    {.model_type = "olmo2",
     .architecture = "olmo2",
     .read_config = read_olmo2,
     .prefix = "model.",
     .names = {kPostNormNames, kDecoderNames}},
    {.model_type = "starcoder2",
     .architecture = "starcoder2",
     .read_config = read_starcoder2,
     .prefix = "model.",
     .names = {kDecoderNames, kStarCoderNames},
     .pretokenizer = "starcoder"},
    {.model_type = "gpt2",
     .architecture = "gpt2",
     .read_config = read_gpt2,
     .prefix = "transformer.",
     .names = {kGpt2Names},
     .pretokenizer = "gpt-2"},
    {.model_type = "bert", .architecture = "bert", .read_config = read_bert, .prefix = "bert.", .names = {kBertNames}},
    {.model_type = "roberta",
     .architecture = "bert",
     .read_config = read_roberta,
     .prefix = "roberta.",
     .names = {kRobertaNames, kBertNames},
     .pretokenizer = "gpt-2"},
    {.model_type = "xlm-roberta",
     .architecture = "bert",
     .read_config = read_roberta,
     .prefix = "roberta.",
     .names = {kRobertaNames, kBertNames}},
    {.model_type = "nomic_bert",
     .architecture = "nomic-bert",
     .read_config = read_nomic_bert,
     .prefix = "",
     .names = {kNomicNames, kBertNames}},
};

}  // namespace

std::span<const Family> families() {
  return kFamilies;
}

Result<const Family*> find_family(const ConfigReader& config) {
  SIXFOLD_TRY(const std::string_view type, config.text("model_type"));
  const auto* row = std::find_if(std::begin(kFamilies), std::end(kFamilies),
                                 [&](const Family& family) { return family.model_type == type; });
  if (row != std::end(kFamilies)) return row;
  std::string known;
  for (const Family& family : kFamilies) {
    if (!known.empty()) known += ", ";
    known += family.model_type;
  }
  return config.unsupported("model_type", "{} is not supported, want one of {}", shown_text(type), known);
}

}  // namespace sixfold::formats::huggingface
