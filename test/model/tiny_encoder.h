// A complete BERT of a few kilobytes with random weights, made in memory and open to any damage.
#pragma once
#include <string>

#include "tiny_model.h"

namespace sixfold::test {

// The opened checkpoints borrow from this object.
class TinyEncoder : public TinyModel {
 public:
  static constexpr std::size_t width = 16;

  TinyEncoder() : TinyModel({.architecture = "bert", .layers = 0, .kv_heads = 4, .context = 64}) {
    erase_tensor("token_embd.weight");
    erase_tensor("output_norm.weight");
    erase_tensor("output.weight");
    erase(key("attention.layer_norm_rms_epsilon"));
    set(key("attention.layer_norm_epsilon"), 1e-5);
    set(key("block_count"), std::uint64_t{2});
    add_random_tensor("token_embd.weight", {40, width}, 1);
    add_random_tensor("token_types.weight", {2, width}, 1);
    add_random_tensor("position_embd.weight", {64, width}, 1);
    add_norm("token_embd_norm");
    for (const std::string prefix : {"blk.0.", "blk.1."}) {
      for (const std::string name : {"attn_q", "attn_k", "attn_v", "attn_output"})
        add_linear(prefix + name, width, width);
      add_norm(prefix + "attn_output_norm");
      add_linear(prefix + "ffn_up", 24, width);
      add_linear(prefix + "ffn_down", width, 24);
      add_norm(prefix + "layer_output_norm");
    }
  }

  void add_head(std::size_t classes, bool is_dense) {
    if (is_dense) add_linear("cls", width, width);
    add_linear("cls.output", classes, width);
  }

 private:
  void add_linear(const std::string& stem, std::size_t rows, std::size_t cols) {
    add_random_tensor(stem + ".weight", {rows, cols}, 0.5F);
    add_random_tensor(stem + ".bias", {rows}, 0.5F);
  }
  void add_norm(const std::string& stem) {
    add_random_tensor(stem + ".weight", {width}, 0.3F, 1);
    add_random_tensor(stem + ".bias", {width}, 0.3F);
  }
};

}  // namespace sixfold::test
