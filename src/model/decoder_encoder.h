// A decoder that reads texts whole: the states behind its last layer become vectors.
#pragma once
#include <cstddef>
#include <memory>

#include "core/result.h"
#include "model/encoder.h"
#include "model/model.h"

namespace sixfold::model {

// output: what the model was trained for.  context: tokens of one text at most; 0 = as many as the model was made for,
// but no more than a cache of ordinary size holds.  Errors: resource_exhausted.
Result<std::unique_ptr<Encoder>> make_decoder_encoder(std::unique_ptr<Model> model, EncoderOutput output,
                                                      std::size_t context);

}  // namespace sixfold::model
