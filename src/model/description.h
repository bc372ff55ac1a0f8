// Facts about a loaded checkpoint, for people.
#pragma once
#include <optional>

#include "formats/checkpoint.h"
#include "model/model.h"

namespace sixfold::model {

// name, weights, parameters and weight_bytes; the rest is for load and the architecture to fill in.
// rounded_to: LoadOptions::weights.
ModelDescription describe_checkpoint(const formats::Checkpoint& checkpoint, std::optional<DType> rounded_to = {});

}  // namespace sixfold::model
