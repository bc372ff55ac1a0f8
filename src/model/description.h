// Facts about a loaded checkpoint, for people.
#pragma once
#include "formats/checkpoint.h"
#include "model/model.h"

namespace sixfold::model {

// name, weights, parameters and weight_bytes; the rest is for load and the architecture to fill in.
ModelDescription describe_checkpoint(const formats::Checkpoint& checkpoint);

}  // namespace sixfold::model
