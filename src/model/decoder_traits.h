// What distinguishes one decoder of the LLaMA family from another: a row of data, not a class.
#pragma once
#include "kernels/vector_ops.h"

namespace sixfold::model {

enum class Presence { kNever, kOptional, kRequired };

struct DecoderTraits {
  // Which elements of a head RoPE rotates together; the converter of each architecture fixed it.
  kernels::RopePairing rope_pairing = kernels::RopePairing::kInterleaved;
  // Biases of the query, key and value projections.
  Presence qkv_bias = Presence::kNever;
  // Bias of the attention's output projection.
  Presence output_bias = Presence::kNever;
  // RMS norm over each query and key head, before RoPE.
  bool has_head_norm = false;
  // Mixtures of experts in place of one feed-forward block; optional: where the file says so.
  Presence experts = Presence::kNever;
  // Constant factors on embeddings, residuals, attention scores and logits.
  bool has_scales = false;
};

}  // namespace sixfold::model
