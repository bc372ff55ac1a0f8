// The numbers that shape a decoder, read from the metadata and checked.
#pragma once
#include <cstddef>
#include <string_view>

#include "core/result.h"
#include "formats/checkpoint.h"
#include "model/decoder_traits.h"

namespace sixfold::model {

enum class RopeScaling { kNone, kLinear, kYarn };

// Rotary position embedding: arXiv:2104.09864; scaling of its frequencies: arXiv:2306.15595, arXiv:2309.00071.
struct RopeParameters {
  std::size_t dimensions = 0;  // of each head that rotate; even, at most head_dim
  double base = 10000;
  RopeScaling scaling = RopeScaling::kNone;
  double factor = 1;  // longer context / original context
  std::size_t context_original = 0;
  double attention_factor = 1;   // multiplies YaRN's own magnitude
  double extrapolation_mix = 1;  // 1: YaRN as published, 0: linear
  double beta_fast = 32;
  double beta_slow = 1;
};

// Every product of two fits 64 bits: each number is below its limit in core/limits.h.
struct HyperParameters {
  std::size_t layers = 0;
  std::size_t width = 0;
  std::size_t heads = 0;  // query heads, a multiple of kv_heads
  std::size_t kv_heads = 0;
  std::size_t head_dim = 0;      // even
  std::size_t feed_forward = 0;  // of one expert, where there are experts
  std::size_t experts = 0;       // 0 = one feed-forward block
  std::size_t experts_used = 0;  // per token
  std::size_t context = 0;       // tokens
  std::size_t window = 0;        // tokens; 0 = the whole context
  float epsilon = 0;             // of every RMS norm
  RopeParameters rope;
  float embedding_scale = 1;
  float residual_scale = 1;
  float attention_scale = 0;
  float logit_scale = 1;  // logits are multiplied by it

  std::size_t query_width() const { return heads * head_dim; }
  std::size_t kv_width() const { return kv_heads * head_dim; }
};

// Errors: corrupt_data (missing or impossible), invalid_argument (possible, but not supported).
Result<HyperParameters> read_hyper_parameters(const formats::Checkpoint& checkpoint, std::string_view architecture,
                                              const DecoderTraits& traits);

}  // namespace sixfold::model
