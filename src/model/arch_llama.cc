// Decoders of the LLaMA family: arXiv:2302.13971 (LLaMA), arXiv:2307.09288 (grouped queries), arXiv:2407.21783 (Llama
// 3). Reference implementation: llama.cpp, architectures llama, qwen2, qwen3 and granite; tensor names are GGUF's. A
// layer: x += attention(norm(x)); x += feed_forward(norm(x)).
#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "kernels/attention.h"
#include "kernels/matmul.h"
#include "kernels/packed_matrix.h"
#include "kernels/vector_ops.h"
#include "model/aligned_floats.h"
#include "model/arch_list.h"
#include "model/batch_plan.h"
#include "model/blocks/token_embedding.h"
#include "model/hyper_parameters.h"
#include "model/mixture.h"
#include "model/model_storage.h"
#include "model/rope_table.h"
#include "model/row_loop.h"
#include "model/weight_reader.h"

namespace sixfold::model {
namespace {

using kernels::MatmulTarget;
using kernels::PackedMatrix;

// ---- Weights, in the order in which forward reads them.  Empty vectors are parts that a model does not have. ----

struct LayerWeights {
  std::vector<float> attention_norm;          // [width]
  PackedMatrix q;                             // [heads * head_dim, width]
  PackedMatrix k, v;                          // [kv_heads * head_dim, width]
  std::vector<float> q_bias, k_bias, v_bias;  // [heads * head_dim], [kv_heads * head_dim] twice
  std::vector<float> q_norm, k_norm;          // [head_dim]
  PackedMatrix attention_output;              // [width, heads * head_dim]
  std::vector<float> attention_output_bias;   // [width]
  std::vector<float> feed_forward_norm;       // [width]
  PackedMatrix gate, up;                      // [feed_forward, width]
  PackedMatrix down;                          // [width, feed_forward]
  std::optional<MixtureWeights> mixture;      // in place of gate, up and down
};

struct Weights {
  TokenEmbedding embedding;
  std::vector<float> rope_factors = {};  // [rope dimensions / 2]
  std::vector<LayerWeights> layers = {};
  std::vector<float> output_norm = {};  // [width]
  PackedMatrix output = {};             // [vocabulary, width]
};

Result<std::vector<float>> load_bias(WeightReader& reader, Presence presence, const std::string& name,
                                     std::size_t count) {
  const bool is_read = presence == Presence::kRequired || (presence == Presence::kOptional && reader.has(name));
  if (!is_read) return std::vector<float>();
  return reader.vector(name, count);
}

Result<LayerWeights> load_layer(WeightReader& reader, const HyperParameters& p, const DecoderTraits& traits,
                                std::size_t index) {
  const std::string prefix = "blk." + std::to_string(index) + ".";
  LayerWeights layer;
  SIXFOLD_TRY(layer.attention_norm, reader.vector(prefix + "attn_norm.weight", p.width));
  SIXFOLD_TRY(layer.q, reader.matrix(prefix + "attn_q.weight", p.query_width(), p.width));
  SIXFOLD_TRY(layer.k, reader.matrix(prefix + "attn_k.weight", p.kv_width(), p.width));
  SIXFOLD_TRY(layer.v, reader.matrix(prefix + "attn_v.weight", p.kv_width(), p.width));
  SIXFOLD_TRY(layer.q_bias, load_bias(reader, traits.qkv_bias, prefix + "attn_q.bias", p.query_width()));
  SIXFOLD_TRY(layer.k_bias, load_bias(reader, traits.qkv_bias, prefix + "attn_k.bias", p.kv_width()));
  SIXFOLD_TRY(layer.v_bias, load_bias(reader, traits.qkv_bias, prefix + "attn_v.bias", p.kv_width()));
  if (traits.has_head_norm) {
    SIXFOLD_TRY(layer.q_norm, reader.vector(prefix + "attn_q_norm.weight", p.head_dim));
    SIXFOLD_TRY(layer.k_norm, reader.vector(prefix + "attn_k_norm.weight", p.head_dim));
  }
  SIXFOLD_TRY(layer.attention_output, reader.matrix(prefix + "attn_output.weight", p.width, p.query_width()));
  SIXFOLD_TRY(layer.attention_output_bias, load_bias(reader, traits.output_bias, prefix + "attn_output.bias", p.width));
  SIXFOLD_TRY(layer.feed_forward_norm, reader.vector(prefix + "ffn_norm.weight", p.width));
  if (p.experts != 0) {
    SIXFOLD_TRY(layer.mixture, load_mixture(reader, prefix, p));
    return layer;
  }
  SIXFOLD_TRY(layer.gate, reader.matrix(prefix + "ffn_gate.weight", p.feed_forward, p.width));
  SIXFOLD_TRY(layer.up, reader.matrix(prefix + "ffn_up.weight", p.feed_forward, p.width));
  SIXFOLD_TRY(layer.down, reader.matrix(prefix + "ffn_down.weight", p.width, p.feed_forward));
  return layer;
}

// Llama 3.1 stores its frequency scaling as divisors, one per pair.
Result<std::vector<float>> load_rope_factors(WeightReader& reader, std::size_t pairs) {
  if (!reader.has("rope_freqs.weight")) return std::vector<float>();
  SIXFOLD_TRY(std::vector<float> factors, reader.vector("rope_freqs.weight", pairs));
  for (const float factor : factors) {
    if (!(std::isfinite(factor) && factor > 0)) {
      return corrupt_data("{}: tensor rope_freqs.weight: {}, want a positive number", reader.path(), factor);
    }
  }
  return factors;
}

// The description learns what the matrices cost.
Result<Weights> load_weights(WeightReader& reader, const HyperParameters& p, const DecoderTraits& traits,
                             ModelDescription& description) {
  SIXFOLD_TRY(TokenEmbedding embedding, TokenEmbedding::load(reader, p.width));
  Weights weights{.embedding = std::move(embedding)};
  SIXFOLD_TRY(weights.rope_factors, load_rope_factors(reader, p.rope.dimensions / 2));
  for (std::size_t index = 0; index < p.layers; ++index) {
    SIXFOLD_TRY(LayerWeights layer, load_layer(reader, p, traits, index));
    weights.layers.push_back(std::move(layer));
  }
  description.layer_work = reader.take_matrix_work();
  description.expert_work = reader.expert_work();
  SIXFOLD_TRY(weights.output_norm, reader.vector("output_norm.weight", p.width));
  // Without a matrix of its own, the embedding serves as output ("tied").
  const std::string output = reader.has("output.weight") ? "output.weight" : "token_embd.weight";
  SIXFOLD_TRY(weights.output, reader.matrix(output, weights.embedding.vocabulary(), p.width));
  description.output_work = reader.take_matrix_work();
  return weights;
}

// ---- Forward ----

// Scratch of one forward call, for rows_max rows.
struct Buffers {
  AlignedFloats x;         // [rows, width] the residual stream
  AlignedFloats normed;    // [rows, width] input of the next block
  AlignedFloats q;         // [rows, heads, head_dim]
  AlignedFloats k, v;      // [rows, kv_heads, head_dim]
  AlignedFloats attended;  // [rows, heads, head_dim]
  AlignedFloats hidden;    // [rows, feed_forward]
  AlignedFloats delta;     // [rows, width] what a mixture adds to x

  Buffers(std::size_t rows, const HyperParameters& p)
      : x(make_aligned_floats(rows * p.width)),
        normed(make_aligned_floats(rows * p.width)),
        q(make_aligned_floats(rows * p.query_width())),
        k(make_aligned_floats(rows * p.kv_width())),
        v(make_aligned_floats(rows * p.kv_width())),
        attended(make_aligned_floats(rows * p.query_width())),
        hidden(make_aligned_floats(p.experts == 0 ? rows * p.feed_forward : 0)),
        delta(make_aligned_floats(p.experts != 0 ? rows * p.width : 0)) {}
};

void scale(float* x, float factor, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) x[i] *= factor;
}

class LlamaModel final : public Model {
 public:
  LlamaModel(kernels::WorkerPool& pool, const HyperParameters& parameters, const DecoderTraits& traits, Weights weights,
             ModelStorage storage, ModelDescription description, std::size_t rows_max)
      : pool_(pool),
        p_(parameters),
        rope_pairing_(traits.rope_pairing),
        weights_(std::move(weights)),
        description_(std::move(description)),
        limits_{.rows_max = rows_max, .vocabulary = weights_.embedding.vocabulary(), .context = p_.context},
        rope_(p_.rope, weights_.rope_factors, p_.context),
        buffers_(rows_max, p_),
        storage_(std::move(storage)) {
    if (p_.experts != 0) mixture_.emplace(pool_, p_, rows_max);
    description_.vocabulary = limits_.vocabulary;
    description_.context_max = p_.context;
    description_.layers = p_.layers;
    description_.width = p_.width;
    if (p_.experts != 0) {
      description_.expert_share_a_row = static_cast<double>(p_.experts_used) / static_cast<double>(p_.experts);
    }
    storage_.write_in_background();
  }

  const ModelDescription& description() const override { return description_; }
  std::size_t rows_max() const override { return limits_.rows_max; }

  KvShape kv_shape(kernels::KvDType dtype) const override {
    KvShape shape;
    shape.layers = p_.layers;
    shape.kv_heads = p_.kv_heads;
    shape.head_dim = p_.head_dim;
    shape.dtype = dtype;
    return shape;
  }

  Status forward(const Batch& batch, KvPages& kv, std::span<float> logits) override;

 private:
  void normalize(const std::vector<float>& weight);
  void attend(const LayerWeights& layer, const kernels::KvLayerView& kv, const Batch& batch, bool is_last);
  void rotate(const LayerWeights& layer, const Batch& batch);
  MatmulTarget to_residual(const PackedMatrix& weights) const;
  void rotate_heads(float* heads, std::size_t count, const std::vector<float>& norm, const float* cos_sin) const;
  void keep_wanted_rows();
  void feed_forward(const LayerWeights& layer);
  void add_delta();
  void project(std::span<float> logits);

  // Constant after construction.
  kernels::WorkerPool& pool_;
  HyperParameters p_;
  kernels::RopePairing rope_pairing_;
  Weights weights_;
  ModelDescription description_;
  BatchLimits limits_;

  // Owned by the engine thread.
  RopeTable rope_;
  BatchPlan plan_;
  Buffers buffers_;
  kernels::Activations activations_;
  std::optional<Mixture> mixture_;
  std::size_t rows_ = 0;  // rows of the batch that are still computed

  ModelStorage storage_;
};

// Parallel regions of a decoding step: the four matrix products of each layer, attention when the context is long, and
// the output.  In large batches making the products' inputs, the row-wise steps and store_kv are shared too.
Status LlamaModel::forward(const Batch& batch, KvPages& kv, std::span<float> logits) {
  const KvShape& shape = kv.shape();
  if (shape.layers != p_.layers || shape.kv_heads != p_.kv_heads || shape.head_dim != p_.head_dim) {
    return invalid_argument("KV pages of {} layers, {} heads of {}, want {} layers, {} heads of {}", shape.layers,
                            shape.kv_heads, shape.head_dim, p_.layers, p_.kv_heads, p_.head_dim);
  }
  SIXFOLD_TRY_STATUS(plan_.assign(batch, kv, limits_, logits.size()));
  SIXFOLD_TRY_STATUS(rope_.reserve(plan_.positions_end()));
  rows_ = batch.rows.size();
  if (rows_ == 0) return ok();

  weights_.embedding.look_up(pool_, batch.rows, p_.embedding_scale, buffers_.x.get());
  normalize(weights_.layers.front().attention_norm);
  for (std::size_t i = 0; i < p_.layers; ++i) {
    const LayerWeights& layer = weights_.layers[i];
    const bool is_last = i + 1 == p_.layers;
    attend(layer, kv.layer(i), batch, is_last);
    if (rows_ == 0) return ok();  // nobody wants logits
    normalize(layer.feed_forward_norm);
    feed_forward(layer);
    normalize(is_last ? weights_.output_norm : weights_.layers[i + 1].attention_norm);
  }
  project(logits);
  return ok();
}

// normed = rms_norm(x)
void LlamaModel::normalize(const std::vector<float>& weight) {
  for_rows(pool_, rows_, p_.width, [&](std::size_t r) {
    kernels::rms_norm(buffers_.x.get() + r * p_.width, weight.data(), p_.epsilon, p_.width,
                      buffers_.normed.get() + r * p_.width);
  });
}

// x += residual scale * product
MatmulTarget LlamaModel::to_residual(const PackedMatrix& weights) const {
  return {
      .weights = &weights, .out = buffers_.x.get(), .out_stride = p_.width, .factor = p_.residual_scale, .adds = true};
}

// x += softmax(q k^T * scale) v W_o
void LlamaModel::attend(const LayerWeights& layer, const kernels::KvLayerView& kv, const Batch& batch, bool is_last) {
  const Buffers& b = buffers_;
  activations_.assign(b.normed.get(), rows_, p_.width);
  const auto target = [](const PackedMatrix& weights, const std::vector<float>& bias, float* out) {
    return MatmulTarget{
        .weights = &weights, .out = out, .out_stride = weights.rows(), .bias = bias.empty() ? nullptr : bias.data()};
  };
  const MatmulTarget targets[] = {target(layer.q, layer.q_bias, b.q.get()), target(layer.k, layer.k_bias, b.k.get()),
                                  target(layer.v, layer.v_bias, b.v.get())};
  kernels::matmul(pool_, activations_, targets);
  rotate(layer, batch);
  kernels::store_kv(pool_, plan_.spans(), kv, b.k.get(), b.v.get(), p_.kv_width());
  if (is_last && plan_.wanted_rows().empty()) {
    rows_ = 0;
    return;
  }
  kernels::attention(pool_, plan_.spans(), kv, {.heads = p_.heads, .scale = p_.attention_scale, .window = p_.window},
                     b.q.get(), p_.query_width(), b.attended.get(), p_.query_width());
  if (is_last) keep_wanted_rows();
  activations_.assign(b.attended.get(), rows_, p_.query_width());
  MatmulTarget output = to_residual(layer.attention_output);
  if (!layer.attention_output_bias.empty()) output.bias = layer.attention_output_bias.data();
  kernels::matmul(pool_, activations_, {&output, 1});
}

// The norm of each head, and RoPE, on q and k.
void LlamaModel::rotate(const LayerWeights& layer, const Batch& batch) {
  for_rows(pool_, rows_, p_.query_width() + p_.kv_width(), [&](std::size_t r) {
    float* q = buffers_.q.get() + r * p_.query_width();
    float* k = buffers_.k.get() + r * p_.kv_width();
    const float* cos_sin = rope_.row(batch.rows[r].position);
    rotate_heads(q, p_.heads, layer.q_norm, cos_sin);
    rotate_heads(k, p_.kv_heads, layer.k_norm, cos_sin);
  });
}

void LlamaModel::rotate_heads(float* heads, std::size_t count, const std::vector<float>& norm,
                              const float* cos_sin) const {
  for (std::size_t h = 0; h < count; ++h) {
    float* head = heads + h * p_.head_dim;
    if (!norm.empty()) kernels::rms_norm(head, norm.data(), p_.epsilon, p_.head_dim, head);
    kernels::rope(head, cos_sin, rope_.pairs(), rope_pairing_);
  }
}

// Once the last layer's keys and values are stored, only rows whose logits are read need the rest.
void LlamaModel::keep_wanted_rows() {
  const std::span<const std::size_t> wanted = plan_.wanted_rows();
  for (std::size_t to = 0; to < wanted.size(); ++to) {
    const std::size_t from = wanted[to];  // never before `to`, so no row is overwritten before it is moved
    if (from == to) continue;
    std::memcpy(buffers_.x.get() + to * p_.width, buffers_.x.get() + from * p_.width, p_.width * sizeof(float));
    std::memcpy(buffers_.attended.get() + to * p_.query_width(), buffers_.attended.get() + from * p_.query_width(),
                p_.query_width() * sizeof(float));
  }
  rows_ = wanted.size();
}

// x += W_down (silu(W_gate normed) * W_up normed).  SwiGLU: arXiv:2002.05202.
void LlamaModel::feed_forward(const LayerWeights& layer) {
  const Buffers& b = buffers_;
  if (layer.mixture) {
    mixture_->compute(*layer.mixture, b.normed.get(), rows_, b.delta.get());
    add_delta();
    return;
  }
  activations_.assign(b.normed.get(), rows_, p_.width);
  const MatmulTarget hidden = {.weights = &layer.up,
                               .out = b.hidden.get(),
                               .out_stride = p_.feed_forward,
                               .gate = &layer.gate,
                               .activation = kernels::Activation::kSilu};
  kernels::matmul(pool_, activations_, {&hidden, 1});
  activations_.assign(b.hidden.get(), rows_, p_.feed_forward);
  const MatmulTarget down = to_residual(layer.down);
  kernels::matmul(pool_, activations_, {&down, 1});
}

// x += residual scale * delta
void LlamaModel::add_delta() {
  for_rows(pool_, rows_, p_.width, [&](std::size_t r) {
    float* delta = buffers_.delta.get() + r * p_.width;
    if (p_.residual_scale != 1) scale(delta, p_.residual_scale, p_.width);
    kernels::add(buffers_.x.get() + r * p_.width, delta, p_.width);
  });
}

// logits = W_output normed
void LlamaModel::project(std::span<float> logits) {
  activations_.assign(buffers_.normed.get(), rows_, p_.width);
  const MatmulTarget target = {
      .weights = &weights_.output, .out = logits.data(), .out_stride = limits_.vocabulary, .factor = p_.logit_scale};
  kernels::matmul(pool_, activations_, {&target, 1});
}

}  // namespace

Result<std::unique_ptr<Model>> load_llama(WeightReader& reader, const DecoderTraits& traits,
                                          ModelDescription description, std::size_t rows_max) {
  SIXFOLD_TRY(const HyperParameters parameters,
              read_hyper_parameters(reader.checkpoint(), description.architecture, traits));
  SIXFOLD_TRY(Weights weights, load_weights(reader, parameters, traits, description));
  SIXFOLD_TRY(ModelStorage storage, reader.finish());
  return std::unique_ptr<Model>(std::make_unique<LlamaModel>(reader.pool(), parameters, traits, std::move(weights),
                                                             std::move(storage), std::move(description), rows_max));
}

}  // namespace sixfold::model
