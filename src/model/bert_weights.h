// The weights of an encoder of the BERT family, by GGUF's names, in the order in which encode reads them.
#pragma once
#include <optional>
#include <vector>

#include "core/result.h"
#include "kernels/packed_matrix.h"
#include "model/blocks/linear.h"
#include "model/blocks/norm.h"
#include "model/blocks/token_embedding.h"
#include "model/decoder_traits.h"
#include "model/encoder.h"
#include "model/hyper_parameters.h"
#include "model/weight_reader.h"
#include "tensor/tensor_view.h"

namespace sixfold::model {

struct BertLayer {
  Linear q, k, v;           // [width, width]
  Linear attention_output;  // [width, width]
  Norm attention_norm;
  Linear up;                                  // [feed_forward, width]
  std::optional<kernels::PackedMatrix> gate;  // the same
  Linear down;                                // [width, feed_forward]
  Norm feed_forward_norm;
};

// scores = output tanh(dense first); without `dense`, scores = output first.
struct BertHead {
  std::optional<Linear> dense;     // [width, width]
  std::vector<float> output;       // [classes, width]
  std::vector<float> output_bias;  // [classes], or empty
};

struct BertWeights {
  TokenEmbedding embedding;             // [vocabulary, width]
  TensorView positions = {};            // [context, width], in the file
  std::vector<float> token_types = {};  // [token types, width]
  Norm embedding_norm = {};
  std::vector<BertLayer> layers = {};
  BertHead head = {};
};

// The description learns what the matrices cost, and how many token types there are.  Errors: as WeightReader's.
Result<BertWeights> load_bert_weights(WeightReader& reader, const HyperParameters& p, const DecoderTraits& traits,
                                      EncoderDescription& description);

}  // namespace sixfold::model
