// How a model's makers recommend to sample from it: general.sampling.* of a GGUF file, generation_config.json of a
// folder.
#pragma once
#include <optional>
#include <string>

#include "core/result.h"
#include "engine/request.h"
#include "formats/checkpoint.h"

namespace sixfold::engine {

// Nothing when the checkpoint recommends nothing; else what it says of temp, top_k, top_p, min_p and penalty_repeat,
// and plain sampling where it is silent.  Errors: corrupt_data naming the key, or the range that a value is outside of.
Result<std::optional<SamplingOptions>> read_recommended_sampling(const formats::Checkpoint& checkpoint);

// "temperature 0.7, top_k 20": what differs from plain sampling; "plain" when nothing does.
std::string summary_of(const SamplingOptions& options);

}  // namespace sixfold::engine
