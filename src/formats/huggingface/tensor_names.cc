// The tables of names.  Theirs are the module paths of Hugging Face transformers; ours those of the GGUF
// specification and, for parts that it does not list, of gguf-py's tensor list.
#include "formats/huggingface/tensor_names.h"

#include <array>
#include <vector>

namespace sixfold::formats::huggingface {
namespace {

constexpr NameRule kDecoderTable[] = {
    {"embed_tokens", "token_embd"},
    {"norm", "output_norm"},
    {"lm_head", "output"},
    {"layers.{}.input_layernorm", "blk.{}.attn_norm"},
    {"layers.{}.self_attn.q_proj", "blk.{}.attn_q"},
    {"layers.{}.self_attn.k_proj", "blk.{}.attn_k"},
    {"layers.{}.self_attn.v_proj", "blk.{}.attn_v"},
    {"layers.{}.self_attn.qkv_proj", "blk.{}.attn_qkv"},
    {"layers.{}.self_attn.o_proj", "blk.{}.attn_output"},
    {"layers.{}.self_attn.q_norm", "blk.{}.attn_q_norm"},
    {"layers.{}.self_attn.k_norm", "blk.{}.attn_k_norm"},
    {"layers.{}.post_attention_layernorm", "blk.{}.ffn_norm"},
    {"layers.{}.mlp.gate_proj", "blk.{}.ffn_gate"},
    {"layers.{}.mlp.up_proj", "blk.{}.ffn_up"},
    {"layers.{}.mlp.gate_up_proj", "blk.{}.ffn_up"},
    {"layers.{}.mlp.down_proj", "blk.{}.ffn_down"},
    {"layers.{}.self_attn.rotary_emb.inv_freq", "", Form::kIgnored},
    {"rotary_emb.inv_freq", "", Form::kIgnored},
};

constexpr NameRule kPostNormTable[] = {
    {"layers.{}.post_attention_layernorm", "blk.{}.post_attention_norm"},
    {"layers.{}.pre_feedforward_layernorm", "blk.{}.ffn_norm"},
    {"layers.{}.post_feedforward_layernorm", "blk.{}.post_ffw_norm"},
};

constexpr NameRule kMixtralExpertTable[] = {
    {"layers.{}.block_sparse_moe.gate", "blk.{}.ffn_gate_inp"},
    {"layers.{}.block_sparse_moe.experts.{}.w1", "blk.{}.ffn_gate.{}"},
    {"layers.{}.block_sparse_moe.experts.{}.w2", "blk.{}.ffn_down.{}"},
    {"layers.{}.block_sparse_moe.experts.{}.w3", "blk.{}.ffn_up.{}"},
};

constexpr NameRule kQwenExpertTable[] = {
    {"layers.{}.mlp.gate", "blk.{}.ffn_gate_inp"},
    {"layers.{}.mlp.experts.{}.gate_proj", "blk.{}.ffn_gate.{}"},
    {"layers.{}.mlp.experts.{}.up_proj", "blk.{}.ffn_up.{}"},
    {"layers.{}.mlp.experts.{}.down_proj", "blk.{}.ffn_down.{}"},
    {"layers.{}.mlp.shared_expert_gate", "blk.{}.ffn_gate_inp_shexp", Form::kFlat},
    {"layers.{}.mlp.shared_expert.gate_proj", "blk.{}.ffn_gate_shexp"},
    {"layers.{}.mlp.shared_expert.up_proj", "blk.{}.ffn_up_shexp"},
    {"layers.{}.mlp.shared_expert.down_proj", "blk.{}.ffn_down_shexp"},
};

constexpr NameRule kStarCoderTable[] = {
    {"layers.{}.mlp.c_fc", "blk.{}.ffn_up"},
    {"layers.{}.mlp.c_proj", "blk.{}.ffn_down"},
};

constexpr NameRule kGpt2Table[] = {
    {"wte", "token_embd"},
    {"wpe", "position_embd"},
    {"ln_f", "output_norm"},
    {"lm_head", "output"},
    {"h.{}.ln_1", "blk.{}.attn_norm"},
    {"h.{}.attn.c_attn", "blk.{}.attn_qkv", Form::kTransposed},
    {"h.{}.attn.c_proj", "blk.{}.attn_output", Form::kTransposed},
    {"h.{}.ln_2", "blk.{}.ffn_norm"},
    {"h.{}.mlp.c_fc", "blk.{}.ffn_up", Form::kTransposed},
    {"h.{}.mlp.c_proj", "blk.{}.ffn_down", Form::kTransposed},
    {"h.{}.attn", "", Form::kIgnored},  // attn.bias: the causal mask
    {"h.{}.attn.masked_bias", "", Form::kIgnored},
};

// The pooler of a model without a classifier is left over from training; with one, it is the classifier's first layer.
constexpr NameRule kBertTable[] = {
    {"embeddings.word_embeddings", "token_embd"},
    {"embeddings.position_embeddings", "position_embd"},
    {"embeddings.token_type_embeddings", "token_types"},
    {"embeddings.LayerNorm", "token_embd_norm"},
    {"encoder.layer.{}.attention.self.query", "blk.{}.attn_q"},
    {"encoder.layer.{}.attention.self.key", "blk.{}.attn_k"},
    {"encoder.layer.{}.attention.self.value", "blk.{}.attn_v"},
    {"encoder.layer.{}.attention.output.dense", "blk.{}.attn_output"},
    {"encoder.layer.{}.attention.output.LayerNorm", "blk.{}.attn_output_norm"},
    {"encoder.layer.{}.intermediate.dense", "blk.{}.ffn_up"},
    {"encoder.layer.{}.output.dense", "blk.{}.ffn_down"},
    {"encoder.layer.{}.output.LayerNorm", "blk.{}.layer_output_norm"},
    {"pooler.dense", "cls"},
    {"classifier", "cls.output"},
    {"embeddings.position_ids", "", Form::kIgnored},
    {"embeddings.token_type_ids", "", Form::kIgnored},
    // Heads of the pre-training tasks.
    {"cls.predictions", "", Form::kIgnored},
    {"cls.predictions.decoder", "", Form::kIgnored},
    {"cls.predictions.transform.dense", "", Form::kIgnored},
    {"cls.predictions.transform.LayerNorm", "", Form::kIgnored},
    {"cls.seq_relationship", "", Form::kIgnored},
};

constexpr NameRule kRobertaTable[] = {
    {"embeddings.position_embeddings", "position_embd", Form::kBehindPadding},
    {"classifier.dense", "cls"},
    {"classifier.out_proj", "cls.output"},
    {"pooler.dense", "", Form::kIgnored},
    // The head of the pre-training task.
    {"lm_head", "", Form::kIgnored},
    {"lm_head.dense", "", Form::kIgnored},
    {"lm_head.layer_norm", "", Form::kIgnored},
    {"lm_head.decoder", "", Form::kIgnored},
};

constexpr NameRule kNomicTable[] = {
    {"emb_ln", "token_embd_norm"},
    {"encoder.layers.{}.attn.Wqkv", "blk.{}.attn_qkv"},
    {"encoder.layers.{}.attn.out_proj", "blk.{}.attn_output"},
    {"encoder.layers.{}.norm1", "blk.{}.attn_output_norm"},
    {"encoder.layers.{}.mlp.fc11", "blk.{}.ffn_up"},
    {"encoder.layers.{}.mlp.fc12", "blk.{}.ffn_gate"},
    {"encoder.layers.{}.mlp.fc2", "blk.{}.ffn_down"},
    {"encoder.layers.{}.norm2", "blk.{}.layer_output_norm"},
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The numbers that the pattern's holes stand for; nothing when it does not fit.
std::optional<std::vector<std::string_view>> match(std::string_view pattern, std::string_view name) {
  constexpr std::string_view kHole = "{}";
  std::vector<std::string_view> numbers;
  while (!pattern.empty()) {
    if (!pattern.starts_with(kHole)) {
      if (name.empty() || name.front() != pattern.front()) return std::nullopt;
      pattern.remove_prefix(1);
      name.remove_prefix(1);
      continue;
    }
    std::size_t digits = 0;
    while (digits < name.size() && is_digit(name[digits])) ++digits;
    const bool has_leading_zero = digits > 1 && name.front() == '0';
    if (digits == 0 || has_leading_zero) return std::nullopt;
    numbers.push_back(name.substr(0, digits));
    name.remove_prefix(digits);
    pattern.remove_prefix(kHole.size());
  }
  return name.empty() ? std::optional(std::move(numbers)) : std::nullopt;
}

std::string filled(std::string_view pattern, std::span<const std::string_view> numbers) {
  std::string text;
  while (!pattern.empty()) {
    const std::size_t hole = pattern.find("{}");
    text += pattern.substr(0, hole);
    if (hole == std::string_view::npos) return text;
    text += numbers.front();
    numbers = numbers.subspan(1);
    pattern.remove_prefix(hole + 2);
  }
  return text;
}

struct SplitName {
  std::string_view stem;
  std::string_view ending;  // as GGUF has it
};

// TensorFlow's names of a norm's parts live on in the oldest BERT files.
SplitName split(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kEndings = {
      {{".weight", ".weight"}, {".bias", ".bias"}, {".gamma", ".weight"}, {".beta", ".bias"}}};
  for (const auto& [theirs, ours] : kEndings) {
    if (name.ends_with(theirs)) return {name.substr(0, name.size() - theirs.size()), ours};
  }
  return {name, ""};
}

}  // namespace

constinit const std::span<const NameRule> kDecoderNames = kDecoderTable;
constinit const std::span<const NameRule> kPostNormNames = kPostNormTable;
constinit const std::span<const NameRule> kMixtralExpertNames = kMixtralExpertTable;
constinit const std::span<const NameRule> kQwenExpertNames = kQwenExpertTable;
constinit const std::span<const NameRule> kStarCoderNames = kStarCoderTable;
constinit const std::span<const NameRule> kGpt2Names = kGpt2Table;
constinit const std::span<const NameRule> kBertNames = kBertTable;
constinit const std::span<const NameRule> kRobertaNames = kRobertaTable;
constinit const std::span<const NameRule> kNomicNames = kNomicTable;

std::optional<NamedTensor> rename_tensor(std::string_view theirs, std::string_view prefix,
                                         std::span<const std::span<const NameRule>> rules) {
  if (theirs.starts_with(prefix)) theirs.remove_prefix(prefix.size());
  const SplitName name = split(theirs);
  for (const std::span<const NameRule> table : rules) {
    for (const NameRule& rule : table) {
      const auto numbers = match(rule.theirs, name.stem);
      if (!numbers || (name.ending.empty() && rule.form != Form::kIgnored)) continue;
      return NamedTensor{filled(rule.ours, *numbers) + std::string(name.ending), rule.form};
    }
  }
  return std::nullopt;
}

}  // namespace sixfold::formats::huggingface
