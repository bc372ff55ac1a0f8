// Reads the tensors of an encoder; parts that only some models have are taken where they are there.
#include "model/bert_weights.h"

#include <string>
#include <utility>

#include "core/error.h"

namespace sixfold::model {
namespace {

// [any number of rows, width] f32: the file says how many.  ggml forgets the rows of a tensor that has only one.
Result<std::vector<float>> load_small_table(WeightReader& reader, const std::string& name, std::size_t width) {
  constexpr std::size_t kRowsMax = 1 << 16;
  const TensorView* found = reader.checkpoint().find_tensor(name);
  if (found == nullptr || found->shape.rank == 1) return reader.vector(name, width);
  if (found->shape[0] < 1 || found->shape[0] > kRowsMax) {
    return corrupt_data("{}: tensor {}: {} rows, want 1 to {}", reader.path(), name, found->shape[0], kRowsMax);
  }
  return reader.floats(name, found->shape[0], width);
}

Status load_attention(WeightReader& reader, const std::string& prefix, std::size_t width, BertLayer& layer) {
  const LinearShape square{.rows = width, .cols = width, .bias = Presence::kOptional};
  if (reader.has(prefix + "attn_qkv.weight")) {
    const std::size_t rows[] = {width, width, width};
    SIXFOLD_TRY(auto qkv, load_stacked_linear(reader, prefix + "attn_qkv", rows, width, Presence::kOptional));
    layer.q = std::move(qkv[0]);
    layer.k = std::move(qkv[1]);
    layer.v = std::move(qkv[2]);
  } else {
    SIXFOLD_TRY(layer.q, load_linear(reader, prefix + "attn_q", square));
    SIXFOLD_TRY(layer.k, load_linear(reader, prefix + "attn_k", square));
    SIXFOLD_TRY(layer.v, load_linear(reader, prefix + "attn_v", square));
  }
  SIXFOLD_TRY(layer.attention_output, load_linear(reader, prefix + "attn_output", square));
  return ok();
}

NormShape norm_of(const HyperParameters& p) {
  return {.width = p.width, .kind = NormKind::kLayer, .epsilon = p.epsilon};
}

Result<BertLayer> load_layer(WeightReader& reader, const HyperParameters& p, const DecoderTraits& traits,
                             std::size_t index) {
  const std::string prefix = "blk." + std::to_string(index) + ".";
  BertLayer layer;
  SIXFOLD_TRY_STATUS(load_attention(reader, prefix, p.width, layer));
  SIXFOLD_TRY(layer.attention_norm, load_norm(reader, prefix + "attn_output_norm", norm_of(p)));
  SIXFOLD_TRY(layer.up, load_linear(reader, prefix + "ffn_up",
                                    {.rows = p.feed_forward, .cols = p.width, .bias = Presence::kOptional}));
  if (traits.feed_forward == FeedForwardKind::kGated) {
    SIXFOLD_TRY(layer.gate, reader.matrix(prefix + "ffn_gate.weight", p.feed_forward, p.width));
  }
  SIXFOLD_TRY(layer.down, load_linear(reader, prefix + "ffn_down",
                                      {.rows = p.width, .cols = p.feed_forward, .bias = Presence::kOptional}));
  SIXFOLD_TRY(layer.feed_forward_norm, load_norm(reader, prefix + "layer_output_norm", norm_of(p)));
  return layer;
}

Result<BertHead> load_head(WeightReader& reader, std::size_t width) {
  BertHead head;
  if (!reader.has("cls.output.weight")) return head;
  if (reader.has("cls.weight")) {
    SIXFOLD_TRY(head.dense, load_linear(reader, "cls", {.rows = width, .cols = width, .bias = Presence::kOptional}));
  }
  SIXFOLD_TRY(head.output, load_small_table(reader, "cls.output.weight", width));
  if (reader.has("cls.output.bias")) {
    SIXFOLD_TRY(head.output_bias, reader.vector("cls.output.bias", head.output.size() / width));
  }
  return head;
}

}  // namespace

Result<BertWeights> load_bert_weights(WeightReader& reader, const HyperParameters& p, const DecoderTraits& traits,
                                      EncoderDescription& description) {
  SIXFOLD_TRY(TokenEmbedding embedding, TokenEmbedding::load(reader, p.width));
  BertWeights weights{.embedding = std::move(embedding)};
  if (traits.has_learned_positions) {
    SIXFOLD_TRY(const TensorView* positions, reader.table("position_embd.weight", p.context, p.width));
    weights.positions = *positions;
  }
  if (reader.has("token_types.weight")) {
    SIXFOLD_TRY(weights.token_types, load_small_table(reader, "token_types.weight", p.width));
    description.token_types = weights.token_types.size() / p.width;
  }
  SIXFOLD_TRY(weights.embedding_norm, load_norm(reader, "token_embd_norm", norm_of(p)));
  for (std::size_t index = 0; index < p.layers; ++index) {
    SIXFOLD_TRY(BertLayer layer, load_layer(reader, p, traits, index));
    weights.layers.push_back(std::move(layer));
  }
  description.model.layer_work = reader.take_matrix_work();
  SIXFOLD_TRY(weights.head, load_head(reader, p.width));
  description.model.output_work = reader.take_matrix_work();
  return weights;
}

}  // namespace sixfold::model
