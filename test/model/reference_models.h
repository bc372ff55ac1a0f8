// Tiny random models, the same in every run, that another program has computed: its numbers are in references/.
// Weights come from std::mt19937 and std::uniform_real_distribution<float> of libstdc++ (tiny_model.h).
#pragma once
#include <span>
#include <string>
#include <vector>

#include "huggingface_cases.h"
#include "tiny_model.h"
#include "tokenizer/vocabulary.h"

namespace sixfold::test {

struct ReferenceModel {
  const char* name;  // references/<name>.json
  TinyShape shape;
  HuggingFaceCase folder;  // the same model as a folder
};

inline std::vector<ReferenceModel> reference_models() {
  return {
      {.name = "smollm3",
       .shape = {.architecture = "smollm3", .layers = 5, .width = 32, .head_dim = 8, .feed_forward = 48},
       .folder = {.golden = "smollm3",
                  .config = R"({"model_type":"smollm3","hidden_size":32,"num_hidden_layers":5,"intermediate_size":48,
                    "num_attention_heads":4,"num_key_value_heads":2,"max_position_embeddings":128,"rms_norm_eps":9.765625e-4,
                    "rope_theta":10000.0,"vocab_size":40,"tie_word_embeddings":false,"use_sliding_window":false,
                    "no_rope_layers":[1,1,1,0,1],"no_rope_layer_interval":4})",
                  .names = decoder_names(),
                  .has_reordered_heads = true}},
  };
}

// An epsilon that float32 holds exactly is written as float32, which is what other programs read.
inline TinyModel make_reference_model(const TinyShape& shape) {
  TinyModel tiny(shape);
  tiny.set(tiny.key("attention.layer_norm_rms_epsilon"), 0x1p-10);
  return tiny;
}

// A prompt of one token, one within a page of the cache, and one over three.
inline std::vector<tokenizer::TokenId> reference_prompt(std::size_t tokens, std::size_t vocabulary) {
  std::vector<tokenizer::TokenId> ids = {1};
  while (ids.size() < tokens) {
    const std::size_t i = ids.size();
    ids.push_back(static_cast<tokenizer::TokenId>(3 + (i * i * 7 + i * 3) % (vocabulary - 3)));
  }
  return ids;
}

inline constexpr std::size_t kReferencePromptTokens[] = {1, 17, 70};

}  // namespace sixfold::test
