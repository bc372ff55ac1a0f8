// A complete model file of a few kilobytes with random weights, made in memory and open to any damage.
#pragma once
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tiny_file.h"

namespace sixfold::test {

struct TinyShape {
  std::string architecture = "llama";
  std::size_t layers = 2;
  std::size_t width = 16;
  std::size_t heads = 4;
  std::size_t kv_heads = 2;
  std::size_t head_dim = 4;
  std::size_t feed_forward = 24;
  std::size_t vocabulary = 40;
  std::size_t context = 128;
  bool has_output = true;  // else tied to the embedding
  bool has_qkv_bias = false;
  bool has_head_norm = false;
  std::size_t experts = 0;
  std::size_t experts_used = 0;
};

// The opened checkpoints borrow from this object.
class TinyModel : public TinyFile {
 public:
  explicit TinyModel(const TinyShape& shape = {}) : shape_(shape) {
    add_hyper_parameters();
    add_vocabulary();
    add_tensors();
  }

  const TinyShape& shape() const { return shape_; }
  std::string key(const std::string& name) const { return shape_.architecture + "." + name; }

  void add_random_tensor(const std::string& name, std::vector<std::size_t> dims, float spread, float middle = 0) {
    std::size_t elements = 1;
    for (const std::size_t dim : dims) elements *= dim;
    std::uniform_real_distribution<float> distribution(middle - spread, middle + spread);
    std::vector<float> values(elements);
    for (float& value : values) value = distribution(random_);
    add_tensor(name, std::move(dims), std::move(values));
  }

  formats::Checkpoint open() { return TinyFile::open("tiny.gguf"); }

 private:
  void add_hyper_parameters() {
    set("general.architecture", shape_.architecture);
    set(key("block_count"), std::uint64_t{shape_.layers});
    set(key("embedding_length"), std::uint64_t{shape_.width});
    set(key("feed_forward_length"), std::uint64_t{shape_.feed_forward});
    set(key("context_length"), std::uint64_t{shape_.context});
    set(key("attention.head_count"), std::uint64_t{shape_.heads});
    set(key("attention.head_count_kv"), std::uint64_t{shape_.kv_heads});
    set(key("attention.key_length"), std::uint64_t{shape_.head_dim});
    set(key("attention.value_length"), std::uint64_t{shape_.head_dim});
    set(key("attention.layer_norm_rms_epsilon"), 1e-3);
    if (shape_.experts != 0) {
      set(key("expert_count"), std::uint64_t{shape_.experts});
      set(key("expert_used_count"), std::uint64_t{shape_.experts_used});
    }
  }

  void add_vocabulary() {
    std::vector<std::string> tokens = {"<unk>", "<s>", "</s>"};
    std::vector<std::int64_t> kinds = {2, 3, 3};
    std::vector<double> scores = {0, 0, 0};
    while (tokens.size() < shape_.vocabulary) {
      tokens.push_back("t" + std::to_string(tokens.size()));
      kinds.push_back(1);
      scores.push_back(-static_cast<double>(scores.size()));
    }
    set("tokenizer.ggml.model", std::string("llama"));
    set("tokenizer.ggml.tokens", std::move(tokens));
    set("tokenizer.ggml.token_type", std::move(kinds));
    set("tokenizer.ggml.scores", std::move(scores));
    set("tokenizer.ggml.bos_token_id", std::uint64_t{1});
    set("tokenizer.ggml.eos_token_id", std::uint64_t{2});
    set("tokenizer.ggml.unknown_token_id", std::uint64_t{0});
  }

  void add_tensors() {
    const TinyShape& s = shape_;
    const std::size_t query = s.heads * s.head_dim;
    const std::size_t kv = s.kv_heads * s.head_dim;
    add_random_tensor("token_embd.weight", {s.vocabulary, s.width}, 1);
    for (std::size_t layer = 0; layer < s.layers; ++layer) {
      const std::string prefix = "blk." + std::to_string(layer) + ".";
      add_random_tensor(prefix + "attn_norm.weight", {s.width}, 0.3F, 1);
      add_random_tensor(prefix + "attn_q.weight", {query, s.width}, 0.6F);
      add_random_tensor(prefix + "attn_k.weight", {kv, s.width}, 0.6F);
      add_random_tensor(prefix + "attn_v.weight", {kv, s.width}, 0.6F);
      if (s.has_qkv_bias) {
        add_random_tensor(prefix + "attn_q.bias", {query}, 0.5F);
        add_random_tensor(prefix + "attn_k.bias", {kv}, 0.5F);
        add_random_tensor(prefix + "attn_v.bias", {kv}, 0.5F);
      }
      if (s.has_head_norm) {
        add_random_tensor(prefix + "attn_q_norm.weight", {s.head_dim}, 0.3F, 1);
        add_random_tensor(prefix + "attn_k_norm.weight", {s.head_dim}, 0.3F, 1);
      }
      add_random_tensor(prefix + "attn_output.weight", {s.width, query}, 0.5F);
      add_random_tensor(prefix + "ffn_norm.weight", {s.width}, 0.3F, 1);
      if (s.experts != 0) {
        add_random_tensor(prefix + "ffn_gate_inp.weight", {s.experts, s.width}, 1);
        add_random_tensor(prefix + "ffn_gate_exps.weight", {s.experts, s.feed_forward, s.width}, 0.5F);
        add_random_tensor(prefix + "ffn_up_exps.weight", {s.experts, s.feed_forward, s.width}, 0.5F);
        add_random_tensor(prefix + "ffn_down_exps.weight", {s.experts, s.width, s.feed_forward}, 0.5F);
        continue;
      }
      add_random_tensor(prefix + "ffn_gate.weight", {s.feed_forward, s.width}, 0.5F);
      add_random_tensor(prefix + "ffn_up.weight", {s.feed_forward, s.width}, 0.5F);
      add_random_tensor(prefix + "ffn_down.weight", {s.width, s.feed_forward}, 0.5F);
    }
    add_random_tensor("output_norm.weight", {s.width}, 0.3F, 1);
    if (s.has_output) add_random_tensor("output.weight", {s.vocabulary, s.width}, 1);
  }

  TinyShape shape_;
  std::mt19937 random_{1};
};

}  // namespace sixfold::test
