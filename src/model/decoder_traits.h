// What distinguishes one decoder from another: a row of data, not a class.
#pragma once
#include <cstddef>

#include "kernels/activation.h"
#include "kernels/vector_ops.h"

namespace sixfold::model {

enum class Presence { kNever, kOptional, kRequired };

enum class NormKind { kRms, kLayer };

enum class QueryKeyNorm {
  kNone,
  kHead,        // over each head, with one weight for all heads
  kProjection,  // over the whole projection
};

enum class FeedForwardKind {
  kGated,       // down (activation(gate x) * up x)
  kFusedGated,  // the same; gate and up are the halves of one matrix
  kPlain,       // down activation(up x)
};

struct DecoderTraits {
  // ---- Attention ----
  bool is_causal = true;
  bool has_learned_positions = false;  // vectors added to the embedding, in place of RoPE
  // Which elements of a head RoPE rotates together; the converter of each architecture fixed it.
  kernels::RopePairing rope_pairing = kernels::RopePairing::kInterleaved;
  std::size_t positionless_period = 0;  // the last of so many layers has no RoPE, arXiv:2305.19466; 0 = all have it
  bool has_long_rope = false;           // frequency factors for long and for short contexts, where the file has them
  // RoPE base of the layers with a window; 0 = that of the others.  Scaling is not for these layers then.
  double local_rope_base = 0;
  Presence window = Presence::kOptional;
  std::size_t window_period = 1;  // the last of so many layers sees the whole context; 1 = every layer has the window
  QueryKeyNorm query_key_norm = QueryKeyNorm::kNone;  // RMS, before RoPE
  Presence qkv_bias = Presence::kNever;
  Presence output_bias = Presence::kNever;
  // Number of layers of the one model that divides scores by sqrt(width / heads) rather than sqrt(head_dim).
  std::size_t layers_scaled_by_width = 0;

  // ---- Norms ----
  NormKind norm = NormKind::kRms;
  bool has_pre_norms = true;    // before attention and feed-forward
  bool has_post_norms = false;  // of what they give, before it is added to the residual stream

  // ---- Feed-forward ----
  FeedForwardKind feed_forward = FeedForwardKind::kGated;
  kernels::Activation activation = kernels::Activation::kSilu;
  Presence feed_forward_bias = Presence::kNever;
  // Mixtures of experts in place of one feed-forward block; optional: where the file says so.
  Presence experts = Presence::kNever;
  bool renormalizes_shares = true;  // the shares of the chosen experts sum to 1, else those of all experts
  bool has_shared_expert = false;   // which every row uses, behind a sigmoid gate

  // ---- Scales ----
  bool has_scales = false;               // factors on embeddings, residuals, attention scores and logits, in the file
  bool is_embedding_scaled = false;      // by sqrt(width)
  bool has_soft_caps = false;            // on attention scores and logits, where the file says so or the next two do
  double attention_cap_without_key = 0;  // files older than the keys are of models with these
  double logit_cap_without_key = 0;
};

}  // namespace sixfold::model
