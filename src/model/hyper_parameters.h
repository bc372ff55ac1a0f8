// The numbers that shape a decoder, read from the metadata and checked.
#pragma once
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "formats/checkpoint.h"
#include "model/decoder_traits.h"
#include "model/rope_parameters.h"

namespace sixfold::model {

// Every product of two fits 64 bits: each number is below its limit in core/limits.h.
struct HyperParameters {
  std::size_t layers = 0;
  std::size_t width = 0;
  std::size_t heads = 0;  // query heads, a multiple of kv_heads
  std::size_t kv_heads = 0;
  std::size_t head_dim = 0;             // even
  std::size_t feed_forward = 0;         // of one expert, where there are experts
  std::size_t experts = 0;              // 0 = one feed-forward block
  std::size_t experts_used = 0;         // per token
  bool renormalizes_shares = true;      // of the chosen experts
  std::size_t shared_feed_forward = 0;  // of the expert that every row uses; 0 = there is none
  std::size_t context = 0;              // tokens
  std::size_t window = 0;               // tokens that layers with a window see
  std::vector<bool> has_window;         // [layers]
  float epsilon = 0;                    // of every norm
  RopeParameters rope;
  std::optional<RopeParameters> local_rope;  // of the layers with a window, where it is another
  float embedding_scale = 1;
  float residual_scale = 1;
  float attention_scale = 0;
  float attention_cap = 0;  // soft cap of attention scores; 0 = none
  float logit_scale = 1;    // logits are multiplied by it
  float logit_cap = 0;      // soft cap of logits; 0 = none

  std::size_t query_width() const { return heads * head_dim; }
  std::size_t kv_width() const { return kv_heads * head_dim; }
  std::size_t window_of(std::size_t layer) const { return has_window[layer] ? window : 0; }  // 0 = the whole context
};

// Errors: corrupt_data (missing or impossible), invalid_argument (possible, but not supported; also for a key that asks
// for maths which the architecture does not have).
Result<HyperParameters> read_hyper_parameters(const formats::Checkpoint& checkpoint, std::string_view architecture,
                                              const DecoderTraits& traits);

}  // namespace sixfold::model
