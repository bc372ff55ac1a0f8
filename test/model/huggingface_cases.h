// Reference models turned back into what Hugging Face transformers would have saved: its configuration, its tensor
// names, and its forms of tensors where GGUF's differ.
#pragma once
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/checkpoint.h"
#include "kernels/vector_ops.h"

namespace sixfold::test {

// "#" is the layer's number, "@" the expert's.
using NamePair = std::pair<std::string_view, std::string_view>;

struct HuggingFaceCase {
  const char* golden;  // of testdata/golden/arch
  std::string config;  // config.json
  std::vector<NamePair> names;
  bool has_reordered_heads = false;  // GGUF's rows of queries and keys are
  bool has_norm_offsets = false;
  bool has_transposed_matrices = false;
};

// Tensors that own their bytes.
class TensorList {
 public:
  void add(std::string name, DType dtype, Shape shape, std::vector<std::byte> bytes) {
    buffers_.push_back(std::move(bytes));
    views_.push_back({std::move(name), dtype, shape, buffers_.back()});
  }
  std::span<const TensorView> views() const { return views_; }

 private:
  std::deque<std::vector<std::byte>> buffers_;
  std::vector<TensorView> views_;
};

inline std::vector<std::byte> copy_of(std::span<const std::byte> bytes) {
  return {bytes.begin(), bytes.end()};
}

// Row (head, half, i) of the result is row (head, i, half) of GGUF's, which puts the two of a pair side by side.
inline std::vector<std::byte> with_halves(const TensorView& tensor, std::size_t head_dim) {
  const std::size_t rows = tensor.shape[0];
  const std::size_t row_bytes = tensor.bytes.size() / rows;
  std::vector<std::byte> turned(tensor.bytes.size());
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t head = row / head_dim;
    const std::size_t half = row % head_dim / (head_dim / 2);
    const std::size_t i = row % (head_dim / 2);
    std::memcpy(turned.data() + row * row_bytes, tensor.bytes.data() + (head * head_dim + 2 * i + half) * row_bytes,
                row_bytes);
  }
  return turned;
}

// F32 only.
inline std::vector<std::byte> minus_one(const TensorView& tensor) {
  std::vector<std::byte> changed = copy_of(tensor.bytes);
  for (std::size_t i = 0; i < changed.size(); i += sizeof(float)) {
    float value;
    std::memcpy(&value, changed.data() + i, sizeof value);
    value -= 1;
    std::memcpy(changed.data() + i, &value, sizeof value);
  }
  return changed;
}

// F32 only.
inline std::vector<std::byte> transposed(const TensorView& tensor) {
  std::vector<std::byte> turned(tensor.bytes.size());
  for (std::size_t r = 0; r < tensor.shape[0]; ++r) {
    for (std::size_t c = 0; c < tensor.shape[1]; ++c) {
      std::memcpy(turned.data() + (c * tensor.shape[0] + r) * sizeof(float),
                  tensor.bytes.data() + (r * tensor.shape[1] + c) * sizeof(float), sizeof(float));
    }
  }
  return turned;
}

inline std::string filled(std::string_view pattern, std::string_view layer, std::size_t expert) {
  std::string text;
  for (const char c : pattern) {
    if (c == '#') {
      text += layer;
    } else if (c == '@') {
      text += std::to_string(expert);
    } else {
      text += c;
    }
  }
  return text;
}

// The pattern of a GGUF name, and the number in it.
inline std::pair<std::string, std::string> split_layer(const std::string& name) {
  if (!name.starts_with("blk.")) return {name, ""};
  const std::size_t end = name.find('.', 4);
  return {"blk.#" + name.substr(end), name.substr(4, end - 4)};
}

inline TensorList to_huggingface(const formats::Checkpoint& gguf, const HuggingFaceCase& test, std::size_t head_dim) {
  TensorList list;
  for (const TensorView& tensor : gguf.tensors()) {
    const auto [pattern, layer] = split_layer(tensor.name);
    if (pattern.starts_with("rope_")) continue;  // config.json has these numbers
    const std::size_t dot = pattern.rfind('.');
    const std::string stem = pattern.substr(0, dot);
    const std::string ending = pattern.substr(dot);
    const auto name =
        std::find_if(test.names.begin(), test.names.end(), [&](const NamePair& n) { return n.first == stem; });
    if (name == test.names.end()) {
      ADD_FAILURE() << "no name for " << tensor.name;
      continue;
    }
    const std::string theirs = std::string(name->second) + ending;
    Shape shape = tensor.shape;
    if (shape.rank == 3) {  // experts
      const std::size_t bytes = tensor.bytes.size() / shape[0];
      for (std::size_t i = 0; i < shape[0]; ++i) {
        list.add(filled(theirs, layer, i), tensor.dtype, {.dims = {shape[1], shape[2]}, .rank = 2},
                 copy_of(tensor.bytes.subspan(i * bytes, bytes)));
      }
      continue;
    }
    std::vector<std::byte> bytes = copy_of(tensor.bytes);
    if (test.has_reordered_heads && (stem.ends_with("attn_q") || stem.ends_with("attn_k"))) {
      bytes = with_halves(tensor, head_dim);
    }
    if (test.has_norm_offsets && stem.ends_with("_norm")) bytes = minus_one(tensor);
    if (test.has_transposed_matrices && shape.rank == 2 && stem.starts_with("blk.")) {
      bytes = transposed(tensor);
      std::swap(shape.dims[0], shape.dims[1]);
    }
    if (stem.ends_with("gate_inp_shexp")) shape = {.dims = {1, shape[0]}, .rank = 2};
    list.add(filled(theirs, layer, 0), tensor.dtype, shape, std::move(bytes));
  }
  return list;
}

// ---- Names ----

inline std::vector<NamePair> joined(std::vector<NamePair> names, const std::vector<NamePair>& more) {
  names.insert(names.begin(), more.begin(), more.end());
  return names;
}

inline std::vector<NamePair> decoder_names() {
  return {{"token_embd", "model.embed_tokens"},
          {"output_norm", "model.norm"},
          {"output", "lm_head"},
          {"blk.#.attn_norm", "model.layers.#.input_layernorm"},
          {"blk.#.attn_q", "model.layers.#.self_attn.q_proj"},
          {"blk.#.attn_k", "model.layers.#.self_attn.k_proj"},
          {"blk.#.attn_v", "model.layers.#.self_attn.v_proj"},
          {"blk.#.attn_qkv", "model.layers.#.self_attn.qkv_proj"},
          {"blk.#.attn_output", "model.layers.#.self_attn.o_proj"},
          {"blk.#.attn_q_norm", "model.layers.#.self_attn.q_norm"},
          {"blk.#.attn_k_norm", "model.layers.#.self_attn.k_norm"},
          {"blk.#.ffn_norm", "model.layers.#.post_attention_layernorm"},
          {"blk.#.ffn_gate", "model.layers.#.mlp.gate_proj"},
          {"blk.#.ffn_up", "model.layers.#.mlp.up_proj"},
          {"blk.#.ffn_down", "model.layers.#.mlp.down_proj"}};
}

inline std::vector<NamePair> post_norm_names() {
  return joined(decoder_names(), {{"blk.#.post_attention_norm", "model.layers.#.post_attention_layernorm"},
                                  {"blk.#.ffn_norm", "model.layers.#.pre_feedforward_layernorm"},
                                  {"blk.#.post_ffw_norm", "model.layers.#.post_feedforward_layernorm"}});
}

inline std::vector<NamePair> mixtral_names() {
  return joined(decoder_names(), {{"blk.#.ffn_gate_inp", "model.layers.#.block_sparse_moe.gate"},
                                  {"blk.#.ffn_gate_exps", "model.layers.#.block_sparse_moe.experts.@.w1"},
                                  {"blk.#.ffn_up_exps", "model.layers.#.block_sparse_moe.experts.@.w3"},
                                  {"blk.#.ffn_down_exps", "model.layers.#.block_sparse_moe.experts.@.w2"}});
}

inline std::vector<NamePair> qwen_expert_names() {
  return joined(decoder_names(), {{"blk.#.ffn_gate_inp", "model.layers.#.mlp.gate"},
                                  {"blk.#.ffn_gate_exps", "model.layers.#.mlp.experts.@.gate_proj"},
                                  {"blk.#.ffn_up_exps", "model.layers.#.mlp.experts.@.up_proj"},
                                  {"blk.#.ffn_down_exps", "model.layers.#.mlp.experts.@.down_proj"},
                                  {"blk.#.ffn_gate_inp_shexp", "model.layers.#.mlp.shared_expert_gate"},
                                  {"blk.#.ffn_gate_shexp", "model.layers.#.mlp.shared_expert.gate_proj"},
                                  {"blk.#.ffn_up_shexp", "model.layers.#.mlp.shared_expert.up_proj"},
                                  {"blk.#.ffn_down_shexp", "model.layers.#.mlp.shared_expert.down_proj"}});
}

inline std::vector<NamePair> phi3_names() {
  return joined(decoder_names(), {{"blk.#.ffn_up", "model.layers.#.mlp.gate_up_proj"}});
}

inline std::vector<NamePair> starcoder_names() {
  return joined(decoder_names(),
                {{"blk.#.ffn_up", "model.layers.#.mlp.c_fc"}, {"blk.#.ffn_down", "model.layers.#.mlp.c_proj"}});
}

inline std::vector<NamePair> gpt2_names() {
  return {{"token_embd", "transformer.wte"},
          {"position_embd", "transformer.wpe"},
          {"output_norm", "transformer.ln_f"},
          {"blk.#.attn_norm", "transformer.h.#.ln_1"},
          {"blk.#.attn_qkv", "transformer.h.#.attn.c_attn"},
          {"blk.#.attn_output", "transformer.h.#.attn.c_proj"},
          {"blk.#.ffn_norm", "transformer.h.#.ln_2"},
          {"blk.#.ffn_up", "transformer.h.#.mlp.c_fc"},
          {"blk.#.ffn_down", "transformer.h.#.mlp.c_proj"}};
}

// ---- Models.  The numbers are those of the GGUF files, under transformers' names. ----

inline std::vector<HuggingFaceCase> huggingface_cases() {
  return {
      {.golden = "llama_plain",
       .config = R"({"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":256,"num_hidden_layers":2,
         "intermediate_size":256,"num_attention_heads":16,"num_key_value_heads":1,"max_position_embeddings":256,
         "rms_norm_eps":1e-4,"rope_theta":10000.0,"vocab_size":288,"tie_word_embeddings":true,"hidden_act":"silu"})",
       .names = decoder_names(),
       .has_reordered_heads = true},
      {.golden = "llama_gqa_untied",
       .config = R"({"model_type":"llama","hidden_size":64,"num_hidden_layers":3,"intermediate_size":176,
         "num_attention_heads":8,"num_key_value_heads":4,"max_position_embeddings":256,"rms_norm_eps":1e-4,
         "rope_theta":10000.0,"vocab_size":512,"tie_word_embeddings":false,"rope_scaling":null})",
       .names = decoder_names(),
       .has_reordered_heads = true},
      {.golden = "llama3_rope",
       .config = R"({"model_type":"llama","hidden_size":64,"num_hidden_layers":2,"intermediate_size":192,
         "num_attention_heads":4,"num_key_value_heads":2,"head_dim":16,"max_position_embeddings":256,
         "rms_norm_eps":1e-4,"vocab_size":512,"tie_word_embeddings":true,"rope_theta":500000.0,
         "rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,
                         "original_max_position_embeddings":64}})",
       .names = decoder_names(),
       .has_reordered_heads = true},
      {.golden = "llama_rope_linear",
       .config = R"({"model_type":"llama","hidden_size":64,"num_hidden_layers":2,"intermediate_size":128,
         "num_attention_heads":4,"num_key_value_heads":2,"max_position_embeddings":256,"rms_norm_eps":1e-4,
         "vocab_size":512,"tie_word_embeddings":true,"rope_scaling":{"type":"linear","factor":4.0}})",
       .names = decoder_names(),
       .has_reordered_heads = true},
      {.golden = "llama_rope_yarn",
       .config = R"({"model_type":"llama","hidden_size":64,"num_hidden_layers":2,"intermediate_size":128,
         "num_attention_heads":2,"num_key_value_heads":1,"max_position_embeddings":64,"rms_norm_eps":1e-4,
         "vocab_size":512,"tie_word_embeddings":true,
         "rope_parameters":{"rope_theta":10000.0,"rope_type":"yarn","factor":4.0,
                            "original_max_position_embeddings":64}})",
       .names = decoder_names(),
       .has_reordered_heads = true},
      {.golden = "mistral_like",
       .config = R"({"model_type":"mistral","hidden_size":64,"num_hidden_layers":2,"intermediate_size":160,
         "num_attention_heads":4,"num_key_value_heads":2,"head_dim":24,"max_position_embeddings":256,
         "rms_norm_eps":1e-4,"rope_theta":1000000.0,"vocab_size":512,"sliding_window":4096})",
       .names = decoder_names(),
       .has_reordered_heads = true},
      {.golden = "llama_moe",
       .config = R"({"model_type":"mixtral","hidden_size":64,"num_hidden_layers":2,"intermediate_size":64,
         "num_attention_heads":4,"num_key_value_heads":2,"max_position_embeddings":256,"rms_norm_eps":1e-4,
         "rope_theta":10000.0,"vocab_size":512,"num_local_experts":4,"num_experts_per_tok":2,"sliding_window":null})",
       .names = mixtral_names(),
       .has_reordered_heads = true},
      {.golden = "granite",
       .config = R"({"model_type":"granite","hidden_size":64,"num_hidden_layers":2,"intermediate_size":160,
         "num_attention_heads":4,"num_key_value_heads":2,"max_position_embeddings":256,"rms_norm_eps":1e-4,
         "rope_theta":10000.0,"vocab_size":512,"tie_word_embeddings":true,"embedding_multiplier":6.0,
         "residual_multiplier":0.5,"attention_multiplier":0.2,"logits_scaling":0.25})",
       .names = decoder_names(),
       .has_reordered_heads = true},
      {.golden = "qwen2",
       .config = R"({"model_type":"qwen2","hidden_size":64,"num_hidden_layers":3,"intermediate_size":160,
         "num_attention_heads":4,"num_key_value_heads":2,"max_position_embeddings":256,"rms_norm_eps":1e-4,
         "rope_theta":1000000.0,"vocab_size":512,"tie_word_embeddings":true,"use_sliding_window":false,
         "sliding_window":16,"max_window_layers":2})",
       .names = decoder_names()},
      {.golden = "qwen3",
       .config = R"({"model_type":"qwen3","hidden_size":64,"num_hidden_layers":2,"intermediate_size":160,
         "num_attention_heads":4,"num_key_value_heads":2,"head_dim":32,"max_position_embeddings":256,
         "rms_norm_eps":1e-4,"rope_theta":1000000,"vocab_size":512,"sliding_window":null,
         "layer_types":["full_attention","full_attention"]})",
       .names = decoder_names()},
      {.golden = "qwen3moe",
       .config = R"({"model_type":"qwen3_moe","hidden_size":64,"num_hidden_layers":2,"intermediate_size":128,
         "num_attention_heads":4,"num_key_value_heads":2,"head_dim":24,"max_position_embeddings":256,
         "rms_norm_eps":1e-4,"rope_theta":1000000.0,"vocab_size":512,"num_experts":8,"num_experts_per_tok":3,
         "moe_intermediate_size":32,"norm_topk_prob":true,"decoder_sparse_step":1,"mlp_only_layers":[]})",
       .names = qwen_expert_names()},
      {.golden = "qwen2moe",
       .config = R"({"model_type":"qwen2_moe","hidden_size":64,"num_hidden_layers":2,"intermediate_size":128,
         "num_attention_heads":4,"num_key_value_heads":4,"max_position_embeddings":256,"rms_norm_eps":1e-4,
         "rope_theta":1000000.0,"vocab_size":512,"num_experts":6,"num_experts_per_tok":2,"norm_topk_prob":false,
         "moe_intermediate_size":32,"shared_expert_intermediate_size":64,"use_sliding_window":false})",
       .names = qwen_expert_names()},
      {.golden = "gemma",
       .config = R"({"model_type":"gemma","hidden_size":64,"num_hidden_layers":2,"intermediate_size":160,
         "num_attention_heads":4,"num_key_value_heads":1,"head_dim":24,"max_position_embeddings":256,
         "rms_norm_eps":1e-3,"vocab_size":512,"hidden_act":"gelu"})",
       .names = decoder_names(),
       .has_norm_offsets = true},
      {.golden = "gemma2",
       .config = R"({"model_type":"gemma2","hidden_size":64,"num_hidden_layers":3,"intermediate_size":192,
         "num_attention_heads":4,"num_key_value_heads":2,"head_dim":16,"max_position_embeddings":256,
         "rms_norm_eps":1e-3,"vocab_size":512,"hidden_activation":"gelu_pytorch_tanh","sliding_window":16,
         "query_pre_attn_scalar":16,"attn_logit_softcapping":6.0,"final_logit_softcapping":12.0,
         "layer_types":["sliding_attention","full_attention","sliding_attention"]})",
       .names = post_norm_names(),
       .has_norm_offsets = true},
      {.golden = "gemma3",
       .config = R"({"model_type":"gemma3_text","hidden_size":48,"num_hidden_layers":7,"intermediate_size":96,
         "num_attention_heads":3,"num_key_value_heads":1,"head_dim":32,"max_position_embeddings":256,
         "rms_norm_eps":1e-3,"vocab_size":512,"hidden_activation":"gelu_pytorch_tanh","sliding_window":16,
         "query_pre_attn_scalar":32,"rope_theta":1000000,"rope_local_base_freq":10000,"sliding_window_pattern":6,
         "attn_logit_softcapping":null,"final_logit_softcapping":null})",
       .names = post_norm_names(),
       .has_norm_offsets = true},
      {.golden = "phi3",
       .config = R"({"model_type":"phi3","hidden_size":64,"num_hidden_layers":2,"intermediate_size":160,
         "num_attention_heads":4,"num_key_value_heads":4,"max_position_embeddings":256,
         "original_max_position_embeddings":256,"rms_norm_eps":1e-4,"rope_theta":10000.0,"vocab_size":512,
         "rope_scaling":null,"sliding_window":2047})",
       .names = phi3_names()},
      {.golden = "phi3_longrope",
       .config = R"({"model_type":"phi3","hidden_size":64,"num_hidden_layers":2,"intermediate_size":128,
         "num_attention_heads":2,"num_key_value_heads":2,"max_position_embeddings":1024,
         "original_max_position_embeddings":256,"rms_norm_eps":1e-4,"rope_theta":10000.0,"vocab_size":512,
         "rope_scaling":{"type":"longrope",
           "long_factor":[1.0,1.4,1.8,2.2,2.6,3.0,3.4,3.8,4.2,4.6,5.0,5.4,5.8,6.2,6.6,7.0],
           "short_factor":[1.0,1.1,1.2,1.3,1.4,1.5,1.6,1.7,1.8,1.9,2.0,2.1,2.2,2.3,2.4,2.5]}})",
       .names = phi3_names()},
      {.golden = "olmo2",
       .config = R"({"model_type":"olmo2","hidden_size":64,"num_hidden_layers":2,"intermediate_size":160,
         "num_attention_heads":4,"num_key_value_heads":4,"max_position_embeddings":256,"rms_norm_eps":1e-3,
         "rope_theta":500000,"vocab_size":512,"tie_word_embeddings":false})",
       .names = post_norm_names()},
      {.golden = "starcoder2",
       .config = R"({"model_type":"starcoder2","hidden_size":64,"num_hidden_layers":2,"intermediate_size":256,
         "num_attention_heads":4,"num_key_value_heads":2,"max_position_embeddings":256,"norm_epsilon":1e-3,
         "rope_theta":100000,"vocab_size":512,"tie_word_embeddings":false,"sliding_window":4096,
         "hidden_act":"gelu_pytorch_tanh"})",
       .names = starcoder_names()},
      {.golden = "gpt2",
       .config = R"({"architectures":["GPT2LMHeadModel"],"model_type":"gpt2","n_embd":64,"n_layer":2,"n_head":4,
         "n_positions":256,"n_inner":null,"layer_norm_epsilon":1e-3,"vocab_size":512,
         "activation_function":"gelu_new"})",
       .names = gpt2_names(),
       .has_transposed_matrices = true},
  };
}

}  // namespace sixfold::test
