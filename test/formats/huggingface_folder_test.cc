// Hugging Face folders, good and broken: which files are read, what they become, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "formats/checkpoint.h"
#include "formats/model_folder.h"

namespace sixfold::formats {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kLlamaConfig =
    R"({"model_type":"llama","hidden_size":8,"num_hidden_layers":1,"intermediate_size":12,"num_attention_heads":2,)"
    R"("max_position_embeddings":64,"rms_norm_eps":1e-5,"vocab_size":16,"tie_word_embeddings":true})";

// Tensors of zeros, but for the last byte of each element, so that values can be told apart.
class Tensors {
 public:
  Tensors& add(std::string name, Shape shape, float value = 0) {
    std::vector<std::byte>& bytes = buffers_.emplace_back(shape.elements() * sizeof(float));
    for (std::size_t i = 0; i < shape.elements(); ++i) {
      std::memcpy(bytes.data() + i * sizeof value, &value, sizeof value);
      value += 1;
    }
    views_.push_back({std::move(name), DType::kF32, shape, bytes});
    return *this;
  }
  std::span<const TensorView> views() const { return views_; }

 private:
  std::deque<std::vector<std::byte>> buffers_;
  std::vector<TensorView> views_;
};

Tensors llama_tensors() {
  Tensors tensors;
  tensors.add("model.embed_tokens.weight", {{16, 8}, 2}).add("model.layers.0.self_attn.q_proj.weight", {{8, 8}, 2});
  tensors.add("model.norm.weight", {{8}, 1});
  return tensors;
}

class HuggingFaceFolder : public testing::Test {
 protected:
  HuggingFaceFolder() {
    folder_.write("config.json", kLlamaConfig);
    folder_.write_tensors("model.safetensors", llama_tensors().views());
  }

  Checkpoint open() const {
    auto opened = open_checkpoint(folder_.path());
    EXPECT_TRUE(opened.is_ok()) << opened.error().message;
    return std::move(opened).value();
  }
  std::string error() const {
    const auto opened = open_checkpoint(folder_.path());
    return opened.is_ok() ? "accepted" : opened.error().message;
  }
  // With one part of config.json replaced.
  std::string error_with(std::string_view from, std::string_view to) const {
    std::string config(kLlamaConfig);
    const std::size_t at = config.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    folder_.write("config.json", config.replace(at, from.size(), to));
    return error();
  }

  ModelFolder folder_;
};

TEST_F(HuggingFaceFolder, is_named_by_itself_or_by_a_file_in_it) {
  for (const std::string& path :
       {folder_.path(), folder_.path() + "/", folder_.path("config.json"), folder_.path("model.safetensors")}) {
    const auto opened = open_checkpoint(path);
    ASSERT_TRUE(opened.is_ok()) << opened.error().message;
    EXPECT_EQ(opened->string("general.architecture").value(), "llama");
    EXPECT_NE(opened->find_tensor("token_embd.weight"), nullptr);
  }
}

TEST_F(HuggingFaceFolder, a_file_of_weights_without_a_configuration_keeps_its_names) {
  folder_.remove("config.json");
  const auto opened = open_checkpoint(folder_.path("model.safetensors"));
  ASSERT_TRUE(opened.is_ok()) << opened.error().message;
  EXPECT_NE(opened->find_tensor("model.norm.weight"), nullptr);
  EXPECT_TRUE(opened->metadata().empty());
  EXPECT_THAT(error(), HasSubstr("want a model file, or a folder with config.json"));
}

TEST_F(HuggingFaceFolder, settings_become_ggufs_keys) {
  const Checkpoint checkpoint = open();
  EXPECT_EQ(checkpoint.format(), "safetensors");
  EXPECT_EQ(checkpoint.unsigned_integer("llama.embedding_length").value(), 8u);
  EXPECT_EQ(checkpoint.unsigned_integer("llama.block_count").value(), 1u);
  EXPECT_EQ(checkpoint.unsigned_integer("llama.feed_forward_length").value(), 12u);
  EXPECT_EQ(checkpoint.unsigned_integer("llama.attention.head_count").value(), 2u);
  EXPECT_EQ(checkpoint.unsigned_integer("llama.attention.head_count_kv").value(), 2u);
  EXPECT_EQ(checkpoint.unsigned_integer("llama.attention.key_length").value(), 4u);
  EXPECT_EQ(checkpoint.unsigned_integer("llama.rope.dimension_count").value(), 4u);
  EXPECT_EQ(checkpoint.unsigned_integer("llama.context_length").value(), 64u);
  EXPECT_EQ(checkpoint.number("llama.attention.layer_norm_rms_epsilon").value(), 1e-5);
  EXPECT_EQ(checkpoint.number("llama.rope.freq_base").value(), 10000);
  EXPECT_EQ(checkpoint.string("llama.rope.pairing").value(), "halves");
}

TEST_F(HuggingFaceFolder, refuses_each_setting_that_is_missing_or_wrong) {
  EXPECT_EQ(error_with("\"hidden_size\":8", "\"hidden_size\":\"abc\""),
            folder_.path("config.json") + ": hidden_size: want an integer from 1 to 1048576, got \"abc\"");
  EXPECT_THAT(error_with("\"hidden_size\":8,", ""),
              HasSubstr("hidden_size: want an integer from 1 to 1048576, got nothing"));
  EXPECT_THAT(error_with("\"hidden_size\":8", "\"hidden_size\":0"), HasSubstr("got 0"));
  EXPECT_THAT(error_with("\"hidden_size\":8", "\"hidden_size\":8.5"), HasSubstr("got 8.5"));
  EXPECT_THAT(error_with("\"num_hidden_layers\":1", "\"num_hidden_layers\":-1"), HasSubstr("num_hidden_layers"));
  EXPECT_THAT(error_with("\"intermediate_size\":12", "\"intermediate_size\":null"), HasSubstr("intermediate_size"));
  EXPECT_THAT(error_with("\"num_attention_heads\":2", "\"num_attention_heads\":[]"), HasSubstr("num_attention_heads"));
  EXPECT_THAT(error_with("\"max_position_embeddings\":64", "\"max_position_embeddings\":1e30"),
              HasSubstr("max_position_embeddings"));
  EXPECT_THAT(error_with("\"rms_norm_eps\":1e-5", "\"rms_norm_eps\":\"1e-5\""),
              HasSubstr("rms_norm_eps: want a number"));
  EXPECT_THAT(error_with("\"vocab_size\":16", "\"vocab_size\":99999999"), HasSubstr("vocab_size"));
  EXPECT_THAT(error_with("true", "1"), HasSubstr("tie_word_embeddings: want true or false, got 1"));
  EXPECT_THAT(error_with("{", "{\"hidden_size\":4,"), HasSubstr("want unique keys, got \"hidden_size\" twice"));
  EXPECT_THAT(error_with("}", "} x"), HasSubstr("want the end of the JSON text"));
  EXPECT_THAT(error_with("}", ""), HasSubstr("want JSON"));
  folder_.write("config.json", "[]");
  EXPECT_THAT(error(), HasSubstr("want a JSON object"));
}

TEST_F(HuggingFaceFolder, refuses_what_the_architecture_cannot_compute) {
  EXPECT_THAT(error_with("\"llama\"", "\"mamba\""),
              AllOf(HasSubstr("model_type: \"mamba\" is not supported"), HasSubstr("qwen3_moe")));
  EXPECT_THAT(error_with("{", "{\"hidden_act\":\"relu\","),
              HasSubstr("hidden_act: \"relu\" is not supported, want \"silu\""));
  EXPECT_THAT(error_with("{", "{\"quantization_config\":{\"quant_method\":\"gptq\"},"),
              HasSubstr("quantization_config: \"gptq\" weights are not supported"));
  EXPECT_THAT(error_with("{", "{\"rope_scaling\":{\"type\":\"dynamic\",\"factor\":2.0},"),
              HasSubstr("rope_scaling: type: \"dynamic\" is not supported"));
  EXPECT_THAT(error_with("{", "{\"rope_scaling\":{\"type\":\"linear\",\"factor\":0},"),
              HasSubstr("rope_scaling: factor: want a number above 0, got 0"));
  EXPECT_THAT(error_with("{", "{\"rope_scaling\":{\"rope_type\":\"llama3\",\"factor\":8},"),
              HasSubstr("rope_scaling: low_freq_factor: want a number, got nothing"));
  EXPECT_THAT(error_with("{", "{\"rope_scaling\":{\"rope_type\":\"yarn\",\"factor\":8,\"mscale\":1},"),
              HasSubstr("mscale"));
  EXPECT_THAT(error_with("{", "{\"rope_scaling\":\"linear\","), HasSubstr("rope_scaling: want an object"));
  EXPECT_THAT(error_with("{", "{\"partial_rotary_factor\":1.5,"), HasSubstr("partial_rotary_factor"));
  EXPECT_THAT(error_with("{", "{\"rope_theta\":0.5,"), HasSubstr("rope_theta: want a number above 1"));
  EXPECT_THAT(error_with("true", "false"), HasSubstr("tie_word_embeddings: want lm_head.weight among the tensors"));
}

TEST_F(HuggingFaceFolder, smollm3_has_positions_in_three_of_four_layers) {
  const auto error_of = [&](std::string_view fields) {
    return error_with("\"llama\"", "\"smollm3\"," + std::string(fields));
  };
  EXPECT_EQ(error_of(R"("no_rope_layers":null)"), "accepted");
  EXPECT_EQ(open().number("smollm3.rope.freq_base").value(), 2e6);
  EXPECT_EQ(error_of(R"("no_rope_layers":[1])"), "accepted");
  EXPECT_THAT(error_of(R"("no_rope_layers":[0])"), HasSubstr("no_rope_layers: 0 of layer 0 is not supported, want 1"));
  EXPECT_THAT(error_of(R"("no_rope_layers":["1"])"), HasSubstr("no_rope_layers: \"1\" of layer 0 is not supported"));
  EXPECT_THAT(error_of(R"("no_rope_layers":[])"), HasSubstr("no_rope_layers: want 1 layers, got 0"));
  EXPECT_THAT(error_of(R"("no_rope_layers":1)"), HasSubstr("no_rope_layers: want an array of 1 layers, got 1"));
  EXPECT_THAT(error_of(R"("no_rope_layer_interval":2)"),
              HasSubstr("no_rope_layer_interval: 2 is not supported, want 4"));
  EXPECT_THAT(error_of(R"("use_sliding_window":true)"), HasSubstr("use_sliding_window"));
}

TEST_F(HuggingFaceFolder, a_longer_context_by_yarn_is_offered) {
  folder_.write("config.json",
                std::string(kLlamaConfig).replace(0, 1, R"({"rope_scaling":{"type":"yarn","factor":4.0},)"));
  const Checkpoint checkpoint = open();
  EXPECT_EQ(checkpoint.unsigned_integer("llama.context_length").value(), 256u);
  EXPECT_EQ(checkpoint.unsigned_integer("llama.rope.scaling.original_context_length").value(), 64u);
}

TEST_F(HuggingFaceFolder, longrope_has_two_lists_of_factors) {
  const std::string with_rope =
      std::string(kLlamaConfig)
          .replace(0, 1,
                   R"({"original_max_position_embeddings":16,"rope_scaling":{"type":"longrope",)"
                   R"("long_factor":[1.0,2.5],"short_factor":[1,1.5]},)");
  folder_.write("config.json", with_rope);
  const Checkpoint checkpoint = open();
  const TensorView* factors = checkpoint.find_tensor("rope_factors_long.weight");
  ASSERT_NE(factors, nullptr);
  EXPECT_EQ(factors->shape, (Shape{{2}, 1}));
  EXPECT_NE(checkpoint.find_tensor("rope_factors_short.weight"), nullptr);
  EXPECT_EQ(checkpoint.string("llama.rope.scaling.type").value(), "longrope");
  // sqrt(1 + ln(64 / 16) / ln 16)
  EXPECT_NEAR(checkpoint.number("llama.rope.scaling.attn_factor").value(), 1.2247449, 1e-6);
  std::string short_list = with_rope;
  folder_.write("config.json", short_list.replace(short_list.find("[1,1.5]"), 7, "[1]"));
  EXPECT_THAT(error(), HasSubstr("short_factor: want an array of 2 numbers, got an array"));
}

TEST_F(HuggingFaceFolder, refuses_a_tensor_that_is_no_part_of_the_model) {
  Tensors tensors = llama_tensors();
  tensors.add("model.layers.0.self_attn.new_part.weight", {{4}, 1});
  folder_.write_tensors("model.safetensors", tensors.views());
  EXPECT_THAT(error(),
              HasSubstr("model.safetensors: tensor \"model.layers.0.self_attn.new_part.weight\": not a part of "
                        "a llama model that is supported"));
}

TEST_F(HuggingFaceFolder, leaves_constants_and_copies_out) {
  Tensors tensors = llama_tensors();
  tensors.add("model.layers.0.self_attn.rotary_emb.inv_freq", {{2}, 1}).add("lm_head.weight", {{16, 8}, 2});
  folder_.write_tensors("model.safetensors", tensors.views());
  EXPECT_EQ(open().tensors().size(), 3u);
}

TEST_F(HuggingFaceFolder, names_may_come_without_the_prefix) {
  Tensors tensors;
  tensors.add("embed_tokens.weight", {{16, 8}, 2}).add("layers.10.self_attn.k_proj.bias", {{8}, 1});
  folder_.write_tensors("model.safetensors", tensors.views());
  const Checkpoint checkpoint = open();
  EXPECT_NE(checkpoint.find_tensor("token_embd.weight"), nullptr);
  EXPECT_NE(checkpoint.find_tensor("blk.10.attn_k.bias"), nullptr);
}

TEST_F(HuggingFaceFolder, refuses_elements_that_are_not_computed_with) {
  folder_.write("model.safetensors", "");
  const auto image = make_safetensors(R"({"model.norm.weight":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}})",
                                      std::vector<std::byte>(2));
  folder_.write("model.safetensors", {reinterpret_cast<const char*>(image.data()), image.size()});
  EXPECT_THAT(error(), HasSubstr("want elements of type F32, F16 or BF16, got F8_E4M3"));
}

TEST_F(HuggingFaceFolder, says_what_weights_it_looked_for) {
  folder_.remove("model.safetensors");
  EXPECT_THAT(error(), HasSubstr("want weights in model.safetensors or model.safetensors.index.json, got neither"));
}

TEST_F(HuggingFaceFolder, shards_are_one_model) {
  folder_.remove("model.safetensors");
  folder_.write_shards(llama_tensors().views(), 3);
  const Checkpoint checkpoint = open();
  EXPECT_EQ(checkpoint.files().size(), 3u);
  EXPECT_EQ(checkpoint.tensors().size(), 3u);
  std::uint64_t bytes = 0;
  for (const FileMap& file : checkpoint.files()) bytes += file.bytes().size();
  EXPECT_EQ(checkpoint.file_bytes(), bytes);
  for (const TensorView& tensor : checkpoint.tensors()) EXPECT_NE(checkpoint.file_of(tensor.bytes), nullptr);
}

TEST_F(HuggingFaceFolder, refuses_an_index_that_does_not_match_its_shards) {
  const Tensors tensors = llama_tensors();
  folder_.write_tensors("model.safetensors", tensors.views().first(1));
  const auto error_of_map = [&](std::string_view map) {
    folder_.write("model.safetensors.index.json", fmt::format(R"({{"weight_map":{}}})", map));
    return error();
  };
  EXPECT_EQ(error_of_map(R"({"model.embed_tokens.weight":"model.safetensors"})"), "accepted");
  EXPECT_THAT(
      error_of_map(R"({"model.embed_tokens.weight":"model.safetensors","model.norm.weight":"model.safetensors"})"),
      HasSubstr("tensor \"model.norm.weight\": missing, want it here"));
  EXPECT_THAT(error_of_map(R"({"model.norm.weight":"model.safetensors"})"),
              HasSubstr("tensor \"model.embed_tokens.weight\": want only tensors that"));
  EXPECT_THAT(error_of_map(R"({"model.embed_tokens.weight":"other.safetensors"})"), HasSubstr("other.safetensors"));
  EXPECT_THAT(error_of_map("{}"), HasSubstr("weight_map: want tensors and their files, got none"));
  EXPECT_THAT(error_of_map("[]"), HasSubstr("weight_map: want an object, got an array"));
  EXPECT_THAT(error_of_map(R"({"model.embed_tokens.weight":7})"),
              HasSubstr("want a .safetensors file of this folder, got 7"));
  for (const char* name : {"../model.safetensors", "/etc/model.safetensors", "a/b.safetensors", "..", ".safetensors",
                           "a\\\\b.safetensors", "a\\u0000.safetensors", "model.bin"}) {
    EXPECT_THAT(error_of_map(fmt::format(R"({{"model.embed_tokens.weight":"{}"}})", name)),
                HasSubstr("weight_map: \"model.embed_tokens.weight\": want a .safetensors file of this folder"))
        << name;
  }
}

TEST_F(HuggingFaceFolder, gemma_norms_are_distances_from_one) {
  folder_.write("config.json", std::string(kLlamaConfig).replace(kLlamaConfig.find("llama"), 5, "gemma"));
  const Checkpoint checkpoint = open();
  const TensorView* norm = checkpoint.find_tensor("output_norm.weight");
  ASSERT_NE(norm, nullptr);
  EXPECT_EQ(checkpoint.file_of(norm->bytes), nullptr);
  for (std::size_t i = 0; i < 8; ++i) {
    float value = 0;
    std::memcpy(&value, norm->bytes.data() + i * sizeof value, sizeof value);
    EXPECT_EQ(value, static_cast<float>(i) + 1);
  }
}

TEST_F(HuggingFaceFolder, gpt2_matrices_are_transposed_and_its_mask_left_out) {
  folder_.write(
      "config.json",
      R"({"model_type":"gpt2","n_embd":2,"n_layer":1,"n_head":1,"n_positions":4,"n_inner":null,"vocab_size":3})");
  Tensors tensors;
  tensors.add("h.0.attn.c_attn.weight", {{2, 6}, 2}).add("h.0.attn.c_attn.bias", {{6}, 1});
  tensors.add("h.0.attn.bias", {{1, 1, 4, 4}, 4}).add("transformer.wte.weight", {{3, 2}, 2});
  folder_.write_tensors("model.safetensors", tensors.views());
  const Checkpoint checkpoint = open();
  EXPECT_EQ(checkpoint.tensors().size(), 3u);
  EXPECT_EQ(checkpoint.unsigned_integer("gpt2.feed_forward_length").value(), 8u);
  const TensorView* matrix = checkpoint.find_tensor("blk.0.attn_qkv.weight");
  ASSERT_NE(matrix, nullptr);
  ASSERT_EQ(matrix->shape, (Shape{{6, 2}, 2}));
  for (std::size_t row = 0; row < 6; ++row) {
    for (std::size_t col = 0; col < 2; ++col) {
      float value = 0;
      std::memcpy(&value, matrix->bytes.data() + (row * 2 + col) * sizeof value, sizeof value);
      EXPECT_EQ(value, static_cast<float>(col * 6 + row));
    }
  }
  EXPECT_EQ(checkpoint.find_tensor("blk.0.attn_qkv.bias")->shape, (Shape{{6}, 1}));
}

constexpr std::string_view kRobertaConfig =
    R"({"model_type":"xlm-roberta","hidden_size":4,"num_hidden_layers":1,"intermediate_size":8,"num_attention_heads":1,)"
    R"("max_position_embeddings":6,"type_vocab_size":1,"vocab_size":8,"pad_token_id":1,)"
    R"("architectures":["XLMRobertaForSequenceClassification"],"id2label":{"0":"no","1":"yes"}})";

TEST_F(HuggingFaceFolder, roberta_positions_begin_behind_the_padding) {
  folder_.write("config.json", kRobertaConfig);
  Tensors tensors;
  tensors.add("roberta.embeddings.position_embeddings.weight", {{6, 4}, 2}).add("classifier.dense.weight", {{4, 4}, 2});
  tensors.add("classifier.out_proj.weight", {{2, 4}, 2}).add("roberta.embeddings.LayerNorm.gamma", {{4}, 1});
  folder_.write_tensors("model.safetensors", tensors.views());
  const Checkpoint checkpoint = open();
  EXPECT_EQ(checkpoint.string("general.architecture").value(), "bert");
  EXPECT_EQ(checkpoint.unsigned_integer("bert.context_length").value(), 4u);
  EXPECT_EQ(checkpoint.unsigned_integer("bert.pooling_type").value(), 4u);
  EXPECT_EQ(checkpoint.unsigned_integer("tokenizer.ggml.token_type_count").value(), 1u);
  EXPECT_THAT(*checkpoint.strings("bert.classifier.output_labels").value(), ElementsAre("no", "yes"));
  const TensorView* positions = checkpoint.find_tensor("position_embd.weight");
  ASSERT_NE(positions, nullptr);
  EXPECT_EQ(positions->shape, (Shape{{4, 4}, 2}));
  float first = 0;
  std::memcpy(&first, positions->bytes.data(), sizeof first);
  EXPECT_EQ(first, 8);
  for (const char* name : {"cls.weight", "cls.output.weight", "token_embd_norm.weight"}) {
    EXPECT_NE(checkpoint.find_tensor(name), nullptr) << name;
  }
  Tensors few;
  few.add("roberta.embeddings.position_embeddings.weight", {{2, 4}, 2});
  folder_.write_tensors("model.safetensors", few.views());
  EXPECT_THAT(error(), HasSubstr("shape [2, 4], want more than 2 rows"));
}

TEST_F(HuggingFaceFolder, bert_without_a_classifier_has_no_pooler) {
  folder_.write("config.json",
                R"({"model_type":"bert","hidden_size":4,"num_hidden_layers":1,"intermediate_size":8,)"
                R"("num_attention_heads":1,"max_position_embeddings":6,"vocab_size":8,"architectures":["BertModel"]})");
  Tensors tensors;
  tensors.add("embeddings.word_embeddings.weight", {{8, 4}, 2}).add("pooler.dense.weight", {{4, 4}, 2});
  folder_.write_tensors("model.safetensors", tensors.views());
  EXPECT_EQ(open().tensors().size(), 1u);
}

TEST_F(HuggingFaceFolder, sentence_transformers_say_how_vectors_become_one) {
  folder_.write("modules.json",
                R"([{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},)"
                R"({"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"},)"
                R"({"idx":2,"name":"2","path":"2_Normalize","type":"sentence_transformers.models.Normalize"}])");
  folder_.write("1_Pooling/config.json", R"({"pooling_mode_cls_token":false,"pooling_mode_lasttoken":true})");
  folder_.write("sentence_bert_config.json", R"({"max_seq_length":32,"do_lower_case":false})");
  folder_.write("config_sentence_transformers.json",
                R"({"prompts":{"query":"search: ","document":""},"default_prompt_name":"query"})");
  const Checkpoint checkpoint = open();
  EXPECT_EQ(checkpoint.unsigned_integer("llama.pooling_type").value(), 3u);
  EXPECT_TRUE(checkpoint.boolean("sentence_transformers.normalize").value());
  EXPECT_EQ(checkpoint.unsigned_integer("sentence_transformers.max_seq_length").value(), 32u);
  EXPECT_EQ(checkpoint.string("sentence_transformers.prompt.query").value(), "search: ");
  EXPECT_EQ(checkpoint.string("sentence_transformers.default_prompt").value(), "query");

  folder_.write("1_Pooling/config.json", R"({"pooling_mode_max_tokens":true})");
  EXPECT_THAT(error(), HasSubstr("pooling_mode_max_tokens: this kind of pooling is not supported"));
  folder_.write("1_Pooling/config.json", R"({"pooling_mode_cls_token":true,"pooling_mode_mean_tokens":true})");
  EXPECT_THAT(error(), HasSubstr("several kinds of pooling at once"));
  folder_.write("1_Pooling/config.json", R"({"pooling_mode_cls_token":false})");
  EXPECT_THAT(error(), HasSubstr("want one kind of pooling"));
  folder_.write("modules.json", R"([{"path":"../x","type":"sentence_transformers.models.Pooling"}])");
  EXPECT_THAT(error(), HasSubstr("path: want a folder within this one"));
  folder_.write("modules.json", R"([{"path":"2_Dense","type":"sentence_transformers.models.Dense"}])");
  EXPECT_THAT(error(), HasSubstr("type: \"sentence_transformers.models.Dense\" is not supported"));
  folder_.write("modules.json", R"({"path":""})");
  EXPECT_THAT(error(), HasSubstr("want a JSON array"));
}

}  // namespace
}  // namespace sixfold::formats
