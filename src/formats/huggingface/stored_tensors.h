// Brings tensors of a Hugging Face checkpoint into the form that GGUF has them in.
#pragma once
#include <string>

#include "core/result.h"
#include "formats/checkpoint_builder.h"
#include "formats/huggingface/family.h"
#include "formats/huggingface/weight_files.h"

namespace sixfold::formats::huggingface {

// Adds all of them under their GGUF names.  Matrices stay where they lie in the files, except those that are stored
// transposed; small vectors that differ are computed.  Both then lie in memory that the checkpoint owns.
// Errors: invalid_argument (a tensor that the family does not know, or of a type that we do not compute with),
// corrupt_data (a shape that does not fit its part), resource_exhausted.
Status add_tensors(const WeightFiles& weights, const Family& family, const ModelFacts& facts,
                   CheckpointBuilder& builder);

}  // namespace sixfold::formats::huggingface
