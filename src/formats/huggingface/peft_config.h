// What adapter_config.json says of a LoRA adapter.  Source: github.com/huggingface/peft, LoraConfig.
#pragma once
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "formats/huggingface/config_reader.h"

namespace sixfold::formats::huggingface {

// Views the JSON that it was read from.
struct PeftConfig {
  std::uint64_t rank = 0;
  double alpha = 0;
  bool has_root_scale = false;  // alpha / sqrt(rank): rsLoRA, arXiv:2312.03732
  // By the module's name or its end, the first that fits: what replaces rank and alpha there.
  std::vector<std::pair<std::string_view, std::uint64_t>> ranks;
  std::vector<std::pair<std::string_view, double>> alphas;

  // module: "model.layers.0.self_attn.q_proj".
  std::uint64_t rank_of(std::string_view module) const;
  double scale_of(std::string_view module) const;  // of B A
};

// Errors: corrupt_data, and invalid_argument for an adapter that is more than low-rank matrices.
Result<PeftConfig> read_peft_config(const ConfigReader& config);

}  // namespace sixfold::formats::huggingface
