// Which tensors a decoder has is what its traits say; tensor names are GGUF's.
#include "model/decoder_weights.h"

#include <cmath>
#include <string>
#include <utility>

#include "core/error.h"

namespace sixfold::model {
namespace {

Status load_attention(WeightReader& reader, const std::string& prefix, const HyperParameters& p,
                      const DecoderTraits& traits, DecoderLayer& layer) {
  const std::size_t widths[] = {p.query_width(), p.kv_width(), p.kv_width()};
  if (reader.has(prefix + "attn_qkv.weight")) {
    SIXFOLD_TRY(std::vector<Linear> qkv,
                load_stacked_linear(reader, prefix + "attn_qkv", widths, p.width, traits.qkv_bias));
    layer.q = std::move(qkv[0]);
    layer.k = std::move(qkv[1]);
    layer.v = std::move(qkv[2]);
  } else {
    SIXFOLD_TRY(layer.q, load_linear(reader, prefix + "attn_q", {widths[0], p.width, traits.qkv_bias}));
    SIXFOLD_TRY(layer.k, load_linear(reader, prefix + "attn_k", {widths[1], p.width, traits.qkv_bias}));
    SIXFOLD_TRY(layer.v, load_linear(reader, prefix + "attn_v", {widths[2], p.width, traits.qkv_bias}));
  }
  if (traits.query_key_norm != QueryKeyNorm::kNone) {
    const bool is_head = traits.query_key_norm == QueryKeyNorm::kHead;
    const auto shape = [&](std::size_t width) {
      return NormShape{is_head ? p.head_dim : width, NormKind::kRms, p.epsilon};
    };
    SIXFOLD_TRY(layer.q_norm, load_norm(reader, prefix + "attn_q_norm", shape(widths[0])));
    SIXFOLD_TRY(layer.k_norm, load_norm(reader, prefix + "attn_k_norm", shape(widths[1])));
  }
  SIXFOLD_TRY(layer.attention_output,
              load_linear(reader, prefix + "attn_output", {p.width, p.query_width(), traits.output_bias}));
  return ok();
}

Status load_feed_forward(WeightReader& reader, const std::string& prefix, const HyperParameters& p,
                         const DecoderTraits& traits, DecoderLayer& layer) {
  if (p.experts != 0) {
    SIXFOLD_TRY(layer.mixture, load_mixture(reader, prefix, p));
    return ok();
  }
  const LinearShape up{p.feed_forward, p.width, traits.feed_forward_bias};
  if (traits.feed_forward == FeedForwardKind::kFusedGated) {
    const std::size_t halves[] = {p.feed_forward, p.feed_forward};
    SIXFOLD_TRY(auto matrices, reader.stacked_matrices(prefix + "ffn_up.weight", halves, p.width));
    layer.gate = std::move(matrices[0]);
    layer.up.weights = std::move(matrices[1]);
  } else {
    if (traits.feed_forward == FeedForwardKind::kGated) {
      SIXFOLD_TRY(layer.gate, reader.matrix(prefix + "ffn_gate.weight", up.rows, up.cols));
    }
    SIXFOLD_TRY(layer.up, load_linear(reader, prefix + "ffn_up", up));
  }
  SIXFOLD_TRY(layer.down,
              load_linear(reader, prefix + "ffn_down", {p.width, p.feed_forward, traits.feed_forward_bias}));
  return ok();
}

Result<DecoderLayer> load_layer(WeightReader& reader, const HyperParameters& p, const DecoderTraits& traits,
                                std::size_t index) {
  const std::string prefix = "blk." + std::to_string(index) + ".";
  const NormShape norm{p.width, traits.norm, p.epsilon};
  DecoderLayer layer;
  if (traits.has_pre_norms) {
    SIXFOLD_TRY(layer.attention_norm, load_norm(reader, prefix + "attn_norm", norm));
    SIXFOLD_TRY(layer.feed_forward_norm, load_norm(reader, prefix + "ffn_norm", norm));
  }
  SIXFOLD_TRY_STATUS(load_attention(reader, prefix, p, traits, layer));
  SIXFOLD_TRY_STATUS(load_feed_forward(reader, prefix, p, traits, layer));
  if (traits.has_post_norms) {
    SIXFOLD_TRY(layer.post_attention_norm, load_norm(reader, prefix + "post_attention_norm", norm));
    SIXFOLD_TRY(layer.post_feed_forward_norm, load_norm(reader, prefix + "post_ffw_norm", norm));
  }
  return layer;
}

// Frequencies are divided by them, one per pair.  Llama 3.1 has one list, Phi 3 one for long contexts and one for
// short.
Result<std::vector<float>> load_rope_factors(WeightReader& reader, const HyperParameters& p,
                                             const DecoderTraits& traits, std::size_t context) {
  const std::size_t pairs = p.rope.dimensions / 2;
  std::string name = "rope_freqs.weight";
  std::vector<float> factors;
  if (traits.has_long_rope && reader.has("rope_factors_long.weight")) {
    SIXFOLD_TRY(std::vector<float> for_long, reader.vector("rope_factors_long.weight", pairs));
    SIXFOLD_TRY(std::vector<float> for_short, reader.vector("rope_factors_short.weight", pairs));
    const bool is_long = context > p.rope.context_original;
    name = is_long ? "rope_factors_long.weight" : "rope_factors_short.weight";
    factors = std::move(is_long ? for_long : for_short);
  } else if (reader.has(name)) {
    SIXFOLD_TRY(factors, reader.vector(name, pairs));
  }
  for (const float factor : factors) {
    if (!(std::isfinite(factor) && factor > 0)) {
      return corrupt_data("{}: tensor {}: {}, want a positive number", reader.path(), name, factor);
    }
  }
  return factors;
}

}  // namespace

Result<DecoderWeights> load_decoder_weights(WeightReader& reader, const HyperParameters& p, const DecoderTraits& traits,
                                            std::size_t context, ModelDescription& description) {
  SIXFOLD_TRY(TokenEmbedding embedding, TokenEmbedding::load(reader, p.width));
  DecoderWeights weights{.embedding = std::move(embedding)};
  if (traits.has_learned_positions) {
    SIXFOLD_TRY(weights.positions, reader.floats("position_embd.weight", p.context, p.width));
  } else {
    SIXFOLD_TRY(weights.rope_factors, load_rope_factors(reader, p, traits, context));
  }
  for (std::size_t index = 0; index < p.layers; ++index) {
    SIXFOLD_TRY(DecoderLayer layer, load_layer(reader, p, traits, index));
    weights.layers.push_back(std::move(layer));
  }
  description.layer_work = reader.take_matrix_work();
  description.expert_work = reader.expert_work();
  SIXFOLD_TRY(weights.output_norm, load_norm(reader, "output_norm", {p.width, traits.norm, p.epsilon}));
  // Without a matrix of its own, the embedding serves as output ("tied").
  const std::string output = reader.has("output.weight") ? "output.weight" : "token_embd.weight";
  SIXFOLD_TRY(weights.output, reader.matrix(output, weights.embedding.vocabulary(), p.width));
  description.output_work = reader.take_matrix_work();
  return weights;
}

}  // namespace sixfold::model
