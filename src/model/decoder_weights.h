// The weights of a decoder, in the order in which arch_decoder.cc reads them.
#pragma once
#include <cstddef>
#include <optional>
#include <vector>

#include "core/result.h"
#include "kernels/packed_matrix.h"
#include "model/blocks/linear.h"
#include "model/blocks/mixture.h"
#include "model/blocks/norm.h"
#include "model/blocks/token_embedding.h"
#include "model/hyper_parameters.h"
#include "model/weight_reader.h"

namespace sixfold::model {

// Empty vectors and norms are parts that a model does not have.
struct DecoderLayer {
  Norm attention_norm;                        // [width]
  Linear q;                                   // [heads * head_dim, width]
  Linear k, v;                                // [kv_heads * head_dim, width]
  Norm q_norm, k_norm;                        // [head_dim], or as wide as q and k
  Linear attention_output;                    // [width, heads * head_dim]
  Norm post_attention_norm;                   // [width]
  Norm feed_forward_norm;                     // [width]
  std::optional<MixtureWeights> mixture;      // in place of the next three
  std::optional<kernels::PackedMatrix> gate;  // [feed_forward, width]
  Linear up;                                  // [feed_forward, width]
  Linear down;                                // [width, feed_forward]
  Norm post_feed_forward_norm;                // [width]
};

struct DecoderWeights {
  TokenEmbedding embedding;
  std::vector<float> positions = {};     // [context, width]
  std::vector<float> rope_factors = {};  // [rope dimensions / 2]
  std::vector<DecoderLayer> layers = {};
  Norm output_norm = {};              // [width]
  kernels::PackedMatrix output = {};  // [vocabulary, width]
};

// Reads all of them.  context: tokens of a sequence at most.  The description learns what the matrices cost.
// Errors: as WeightReader's, and corrupt_data for a RoPE factor that is not a positive number.
Result<DecoderWeights> load_decoder_weights(WeightReader& reader, const HyperParameters& parameters,
                                            const DecoderTraits& traits, std::size_t context,
                                            ModelDescription& description);

}  // namespace sixfold::model
