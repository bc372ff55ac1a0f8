// How fast an encoder runs here: tokens per second of texts that are computed together, beside what the machine allows.
#pragma once
#include <cstddef>
#include <vector>

#include "core/result.h"
#include "model/encoder.h"
#include "optimize/speed_runs.h"

namespace sixfold::optimize {

struct EncoderSpeedOptions {
  std::size_t tokens = 128;                    // of every text
  std::vector<std::size_t> batches = {1, 32};  // texts of a call
  std::size_t repeat = 5;                      // counted runs, after one that is not counted
};

// A run is one call.  Token ids are pseudo-random; what is measured does not depend on them.
// Errors: invalid_argument (a count of 0, no batch, more tokens than the model takes), and those of encode.
Result<SpeedReport> measure_encoder_speed(model::Encoder& encoder, const EncoderSpeedOptions& options,
                                          const SpeedClocks& clocks);

}  // namespace sixfold::optimize
