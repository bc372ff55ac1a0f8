// Rotary position embedding in config.json: its base, the part of a head that rotates, and how frequencies are scaled.
#pragma once
#include <cstdint>

#include "core/result.h"
#include "formats/huggingface/family.h"

namespace sixfold::formats::huggingface {

struct RopeDefaults {
  double base = 10000;
  double rotated_part = 1;  // of a head
};

// context: positions that config.json promises.  head_dim: elements of a head.  Adds "rope.*" and "context_length".
// Errors: corrupt_data, invalid_argument (a kind of scaling that is not supported).
Status read_rope(const ConfigReader& config, std::uint64_t context, std::uint64_t head_dim,
                 const RopeDefaults& defaults, ModelFacts& facts);

}  // namespace sixfold::formats::huggingface
