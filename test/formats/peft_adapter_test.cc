// Folders as PEFT saves LoRA adapters, good and broken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <fstream>
#include <string>

#include "formats/adapter.h"
#include "formats/model_folder.h"

namespace sixfold::formats {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kWeights = "adapter_model.safetensors";
constexpr std::string_view kConfig = "adapter_config.json";

class PeftFolder : public testing::Test {
 protected:
  PeftFolder() {
    write_config("");
    add("base_model.model.model.layers.0.self_attn.q_proj", 2, 8, 8);
    add("base_model.model.model.layers.1.mlp.down_proj", 2, 12, 8);
    write_weights();
  }

  // Fields after the usual ones; a later one does not replace an earlier.
  void write_config(const std::string& more, const std::string& usual = R"("r":2,"lora_alpha":8,"bias":"none")") {
    folder_.write(kConfig, R"({"peft_type":"LORA",)" + usual + more + "}");
  }
  void add_tensor(std::string name, Shape shape) {
    std::vector<std::byte>& bytes = buffers_.emplace_back(shape.elements() * sizeof(float));
    tensors_.push_back({std::move(name), DType::kF32, shape, bytes});
  }
  void add(const std::string& module, std::size_t rank, std::size_t inputs, std::size_t outputs,
           const std::string& adapter = "") {
    add_tensor(module + ".lora_A" + adapter + ".weight", {{rank, inputs}, 2});
    add_tensor(module + ".lora_B" + adapter + ".weight", {{outputs, rank}, 2});
  }
  void write_weights() { folder_.write_tensors(kWeights, tensors_); }

  Checkpoint open(std::string_view architecture = "llama") const {
    auto opened = open_adapter(folder_.path(), architecture);
    EXPECT_TRUE(opened.is_ok()) << opened.error().message;
    return std::move(opened).value();
  }
  std::string error(std::string_view architecture = "llama") const {
    const auto opened = open_adapter(folder_.path(), architecture);
    return opened.is_ok() ? "no error" : opened.error().message;
  }
  double scale_of(const std::string& base) const {
    const Checkpoint opened = open();
    return opened.number("adapter.lora.scale." + base).value();
  }

  ModelFolder folder_;
  std::deque<std::vector<std::byte>> buffers_;
  std::vector<TensorView> tensors_;
};

TEST_F(PeftFolder, has_pairs_under_the_names_of_the_tensors_that_they_change) {
  const Checkpoint opened = open();
  EXPECT_EQ(opened.string("general.type").value(), "adapter");
  EXPECT_EQ(opened.string("adapter.type").value(), "lora");
  EXPECT_EQ(opened.string("general.architecture").value(), "llama");
  EXPECT_EQ(opened.string("llama.rope.pairing").value(), "halves");
  ASSERT_EQ(opened.tensors().size(), 4U);
  const TensorView* low = opened.find_tensor("blk.0.attn_q.weight.lora_a");
  const TensorView* high = opened.find_tensor("blk.1.ffn_down.weight.lora_b");
  ASSERT_NE(low, nullptr);
  ASSERT_NE(high, nullptr);
  EXPECT_EQ(to_string(low->shape), "[2, 8]");
  EXPECT_EQ(to_string(high->shape), "[8, 2]");
}

TEST_F(PeftFolder, is_named_by_itself_or_by_its_files) {
  for (const std::string& path : {folder_.path(), folder_.path(kConfig), folder_.path(kWeights)}) {
    EXPECT_TRUE(open_adapter(path, "llama").is_ok()) << path;
  }
  EXPECT_FALSE(open_adapter(folder_.path("other"), "llama").is_ok());
}

TEST_F(PeftFolder, may_name_its_adapter_and_leave_out_what_wraps_the_model) {
  tensors_.clear();
  add("model.layers.0.self_attn.v_proj", 2, 8, 8, ".default");
  add("layers.0.self_attn.o_proj", 2, 8, 8);
  add("base_model.model.lm_head", 2, 8, 16);
  write_weights();
  const Checkpoint opened = open();
  EXPECT_NE(opened.find_tensor("blk.0.attn_v.weight.lora_b"), nullptr);
  EXPECT_NE(opened.find_tensor("blk.0.attn_output.weight.lora_a"), nullptr);
  EXPECT_NE(opened.find_tensor("output.weight.lora_a"), nullptr);
}

TEST_F(PeftFolder, knows_the_modules_of_every_architecture) {
  const auto base_of = [&](const std::string& module, std::string_view architecture) -> std::string {
    tensors_.clear();
    add("base_model.model." + module, 2, 8, 8);
    write_weights();
    const auto opened = open_adapter(folder_.path(), architecture);
    return opened.is_ok() ? opened->tensors()[0].name : opened.error().message;
  };
  EXPECT_EQ(base_of("transformer.h.3.attn.c_attn", "gpt2"), "blk.3.attn_qkv.weight.lora_a");
  EXPECT_EQ(base_of("transformer.h.3.mlp.c_fc", "gpt2"), "blk.3.ffn_up.weight.lora_a");
  EXPECT_EQ(base_of("model.layers.3.mlp.gate_up_proj", "phi3"), "blk.3.ffn_up.weight.lora_a");
  EXPECT_EQ(base_of("model.layers.3.self_attn.qkv_proj", "phi3"), "blk.3.attn_qkv.weight.lora_a");
  EXPECT_EQ(base_of("model.layers.3.mlp.c_fc", "starcoder2"), "blk.3.ffn_up.weight.lora_a");
  EXPECT_EQ(base_of("model.layers.3.self_attn.q_proj", "gemma3"), "blk.3.attn_q.weight.lora_a");
  EXPECT_EQ(base_of("model.layers.3.block_sparse_moe.experts.1.w1", "llama"), "blk.3.ffn_gate.1.weight.lora_a");
  EXPECT_THAT(base_of("model.layers.3.mlp.c_fc", "llama"), HasSubstr("want a part of a llama model"));
  EXPECT_THAT(base_of("model.layers.3.self_attn.q_proj", "none"), HasSubstr("want a part of a none model"));
}

TEST_F(PeftFolder, of_an_architecture_without_another_order_does_not_name_one) {
  const Checkpoint opened = open("qwen2");
  EXPECT_EQ(opened.find("qwen2.rope.pairing"), nullptr);
}

TEST_F(PeftFolder, is_scaled_by_alpha_over_rank_or_its_root) {
  EXPECT_EQ(scale_of("blk.0.attn_q.weight"), 4.0);
  write_config(R"(,"use_rslora":true)");
  EXPECT_EQ(scale_of("blk.0.attn_q.weight"), 8 / std::sqrt(2.0));
}

TEST_F(PeftFolder, has_patterns_of_rank_and_alpha) {
  tensors_.clear();
  add("base_model.model.model.layers.0.self_attn.q_proj", 4, 8, 8);
  add("base_model.model.model.layers.1.self_attn.q_proj", 2, 8, 8);
  add("base_model.model.model.layers.1.self_attn.v_proj", 2, 8, 8);
  write_weights();
  write_config(
      R"(,"rank_pattern":{"^model.layers.0.self_attn.q_proj":4},"alpha_pattern":{"v_proj":3,"layers.1.self_attn.q_proj":2,"roj":7})");
  EXPECT_EQ(scale_of("blk.0.attn_q.weight"), 2.0);
  EXPECT_EQ(scale_of("blk.1.attn_q.weight"), 1.0);
  EXPECT_EQ(scale_of("blk.1.attn_v.weight"), 1.5);
  write_config("");
  EXPECT_THAT(error(), HasSubstr("layers.0.self_attn.q_proj.lora_A.weight\": shape [4, 8], want [2, inputs]"));
}

struct BadField {
  const char* config;
  const char* message;
};

TEST_F(PeftFolder, is_refused_for_fields_that_ask_for_more_or_make_no_sense) {
  const std::string usual = R"("r":2,"lora_alpha":8)";
  const BadField fields[] = {
      {R"("r":0,"lora_alpha":8)", "adapter_config.json: r: want an integer from 1 to 4096, got 0"},
      {R"("r":5000,"lora_alpha":8)", "r: want an integer from 1 to 4096, got 5000"},
      {R"("lora_alpha":8)", "r: want an integer from 1 to 4096, got nothing"},
      {R"("r":2)", "lora_alpha: want a number, got nothing"},
      {R"("r":2,"lora_alpha":"8")", "lora_alpha: want a number, got \"8\""},
      {R"("r":2,"lora_alpha":1e9)", "lora_alpha: want a number up to a million"},
      {R"("r":2,"lora_alpha":8,"use_rslora":1)", "use_rslora"},
      {R"("r":2,"lora_alpha":8,"bias":"all")", "bias: \"all\" is not supported, want \"none\""},
      {R"("r":2,"lora_alpha":8,"use_dora":true)", "use_dora: weights are normed besides (DoRA) are not supported"},
      {R"("r":2,"lora_alpha":8,"modules_to_save":["lm_head"])", "modules_to_save: whole modules"},
      {R"("r":2,"lora_alpha":8,"lora_bias":true)", "lora_bias"},
      {R"("r":2,"lora_alpha":8,"layer_replication":[[0,2]])", "layer_replication"},
      {R"("r":2,"lora_alpha":8,"alora_invocation_tokens":[1])", "alora_invocation_tokens"},
      {R"("r":2,"lora_alpha":8,"trainable_token_indices":{"embed_tokens":[1]})", "trainable_token_indices"},
      {R"("r":2,"lora_alpha":8,"target_parameters":["experts"])", "target_parameters"},
      {R"("r":2,"lora_alpha":8,"init_lora_weights":"pissa_niter_4")", "init_lora_weights: \"pissa_niter_4\" changes"},
      {R"("r":2,"lora_alpha":8,"rank_pattern":{".*q_proj":4})", "rank_pattern: \".*q_proj\" is not supported"},
      {R"("r":2,"lora_alpha":8,"rank_pattern":{"q_proj":"4"})", "q_proj: want an integer"},
      {R"("r":2,"lora_alpha":8,"alpha_pattern":{"q_proj":null})", "q_proj: want a number"},
      {R"("r":2,"lora_alpha":8,"alpha_pattern":[])", "alpha_pattern"},
  };
  for (const BadField& field : fields) {
    write_config("", field.config);
    EXPECT_THAT(error(), HasSubstr(field.message)) << field.config;
  }
  folder_.write(kConfig, R"({"peft_type":"IA3",)" + usual + "}");
  EXPECT_THAT(error(), HasSubstr("peft_type: \"IA3\" is not supported, want \"LORA\""));
}

TEST_F(PeftFolder, is_taken_with_neutral_fields) {
  write_config(R"(,"use_dora":false,"modules_to_save":null,"lora_bias":false,"layer_replication":null,)"
               R"("rank_pattern":{},"alpha_pattern":{},"init_lora_weights":true,"fan_in_fan_out":true,)"
               R"("target_parameters":[],"task_type":"CAUSAL_LM","target_modules":["q_proj"],"lora_dropout":0.1)");
  EXPECT_EQ(error(), "no error");
  write_config(R"(,"init_lora_weights":"gaussian")");
  EXPECT_EQ(error(), "no error");
}

TEST_F(PeftFolder, is_refused_for_tensors_that_are_no_pair_of_matrices) {
  const std::string layer = "base_model.model.model.layers.0.";
  const std::pair<std::string, const char*> cases[] = {
      {"base_model.model.model.embed_tokens.lora_embedding_A", "adapters of embeddings are not supported"},
      {layer + "self_attn.v_proj.lora_magnitude_vector", "norms of weights (DoRA) are not supported"},
      {layer + "self_attn.v_proj.lora_B.bias", "biases are not supported"},
      {"base_model.model.lm_head.modules_to_save.weight", "whole modules are not supported"},
      {layer + "self_attn.v_proj.weight", "want the lora_A or lora_B of a module"},
      {layer + "self_attn.x_proj.lora_A.weight", "want a part of a llama model that is supported"},
  };
  for (const auto& [name, message] : cases) {
    add_tensor(name, {{2, 8}, 2});
    write_weights();
    EXPECT_THAT(error(), HasSubstr(message)) << name;
    EXPECT_THAT(error(), HasSubstr(name));
    tensors_.pop_back();
  }
}

TEST_F(PeftFolder, is_refused_when_a_file_is_missing_or_cut_anywhere) {
  const auto read = [&](std::string_view name) {
    std::ifstream file(folder_.path(name), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  for (const std::string_view name : {kConfig, kWeights}) {
    const std::string whole = read(name);
    for (std::size_t length = 0; length < whole.size(); ++length) {
      folder_.write(name, std::string_view(whole).substr(0, length));
      ASSERT_NE(error(), "no error") << name << " cut to " << length;
    }
    folder_.remove(name);
    EXPECT_THAT(error(), HasSubstr(folder_.path()));
    folder_.write(name, whole);
  }
  EXPECT_EQ(error(), "no error");
}

}  // namespace
}  // namespace sixfold::formats
