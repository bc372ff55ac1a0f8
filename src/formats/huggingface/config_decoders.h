// config.json of decoders -> GGUF's metadata.  Defaults are those of Hugging Face transformers for the model type.
#pragma once
#include "core/result.h"
#include "formats/huggingface/family.h"

namespace sixfold::formats::huggingface {

// Errors of all: corrupt_data (a field is missing or of the wrong kind), invalid_argument (it asks for something that
// GGUF's architecture cannot say).
Result<ModelFacts> read_llama(const ConfigReader& config);
Result<ModelFacts> read_mistral(const ConfigReader& config);
Result<ModelFacts> read_mixtral(const ConfigReader& config);
Result<ModelFacts> read_smollm3(const ConfigReader& config);
Result<ModelFacts> read_granite(const ConfigReader& config);
Result<ModelFacts> read_qwen2(const ConfigReader& config);
Result<ModelFacts> read_qwen2_moe(const ConfigReader& config);
Result<ModelFacts> read_qwen3(const ConfigReader& config);
Result<ModelFacts> read_qwen3_moe(const ConfigReader& config);
Result<ModelFacts> read_gemma(const ConfigReader& config);
Result<ModelFacts> read_gemma2(const ConfigReader& config);
Result<ModelFacts> read_gemma3(const ConfigReader& config);
Result<ModelFacts> read_phi3(const ConfigReader& config);
Result<ModelFacts> read_olmo2(const ConfigReader& config);
Result<ModelFacts> read_starcoder2(const ConfigReader& config);
Result<ModelFacts> read_gpt2(const ConfigReader& config);

}  // namespace sixfold::formats::huggingface
