// config.json of encoders -> GGUF's metadata.
#pragma once
#include "core/result.h"
#include "formats/huggingface/family.h"

namespace sixfold::formats::huggingface {

// Errors of all: as those of config_decoders.h.
Result<ModelFacts> read_bert(const ConfigReader& config);
Result<ModelFacts> read_roberta(const ConfigReader& config);
Result<ModelFacts> read_nomic_bert(const ConfigReader& config);

}  // namespace sixfold::formats::huggingface
