// The decoders of the reference data, and how they were run.
#pragma once
#include <gtest/gtest.h>

#include <string>

namespace sixfold::test {

inline constexpr const char* kGoldenDecoders[] = {"llama_plain",
                                                  "llama_gqa_untied",
                                                  "llama3_rope",
                                                  "llama_rope_linear",
                                                  "llama_rope_yarn",
                                                  "mistral_like",
                                                  "llama_moe",
                                                  "qwen2",
                                                  "qwen2moe",
                                                  "qwen3",
                                                  "qwen3moe",
                                                  "gemma",
                                                  "gemma2",
                                                  "gemma3",
                                                  "phi3",
                                                  "phi3_longrope",
                                                  "gpt2",
                                                  "starcoder2",
                                                  "olmo2",
                                                  "granite"};

inline constexpr std::size_t kGoldenContext = 256;

inline std::string name_of_model(const testing::TestParamInfo<const char*>& tested) {
  return tested.param;
}

}  // namespace sixfold::test
