// The numbers of rotary position embedding, read from the metadata and checked.
#pragma once
#include <cstddef>

#include "core/result.h"
#include "kernels/vector_ops.h"
#include "model/key_reader.h"

namespace sixfold::model {

enum class RopeScaling { kNone, kLinear, kYarn };

// Rotary position embedding: arXiv:2104.09864; scaling of its frequencies: arXiv:2306.15595, arXiv:2309.00071.
struct RopeParameters {
  kernels::RopePairing pairing = kernels::RopePairing::kInterleaved;
  std::size_t dimensions = 0;  // of each head that rotate; even, at most head_dim
  double base = 10000;
  RopeScaling scaling = RopeScaling::kNone;
  double factor = 1;  // longer context / original context
  std::size_t context_original = 0;
  double attention_factor = 1;   // multiplies queries and keys, and YaRN's own magnitude
  double extrapolation_mix = 1;  // 1: YaRN as published, 0: linear
  double beta_fast = 32;
  double beta_slow = 1;
};

// pairing: that of files which do not say another.
// has_long_rope: the scaling type "longrope" is known, whose factors are tensors.
struct RopeLimits {
  kernels::RopePairing pairing = kernels::RopePairing::kInterleaved;
  std::size_t head_dim = 0;
  std::size_t context = 0;
  bool has_long_rope = false;
};

// Errors: corrupt_data, and invalid_argument for a scaling that we do not compute.
Result<RopeParameters> read_rope(KeyReader& keys, const RopeLimits& limits);

// Of layers with a window: their own base, `base` when the file does not say, and no scaling.
Result<RopeParameters> read_local_rope(KeyReader& keys, const RopeParameters& global, double base);

}  // namespace sixfold::model
