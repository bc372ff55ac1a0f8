// Decoders: arXiv:1706.03762 without the encoder, in the forms that arch_list.cc gives them (with their papers).
// Reference implementation: llama.cpp, architectures of the same names; tensor names are GGUF's.
// A layer: x += post_norm(attention(norm(x))); x += post_norm(feed_forward(norm(x))); most have only the inner norms.
#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "core/error.h"
#include "kernels/attention.h"
#include "kernels/matmul.h"
#include "kernels/vector_ops.h"
#include "model/adapter.h"
#include "model/adapter_rows.h"
#include "model/arch_list.h"
#include "model/batch_plan.h"
#include "model/blocks/mixture.h"
#include "model/decoder_weights.h"
#include "model/hyper_parameters.h"
#include "model/model_storage.h"
#include "model/rope_table.h"
#include "model/row_buffer.h"
#include "model/row_loop.h"
#include "model/weight_reader.h"

namespace sixfold::model {
namespace {

using kernels::MatmulTarget;

// Scratch of one forward call, for rows_max rows.
struct Buffers {
  RowBuffer x;         // [rows, width] the residual stream
  RowBuffer normed;    // [rows, width] input of the next block
  RowBuffer q;         // [rows, heads, head_dim]
  RowBuffer k, v;      // [rows, kv_heads, head_dim]
  RowBuffer attended;  // [rows, heads, head_dim]
  RowBuffer hidden;    // [rows, feed_forward]
  RowBuffer delta;     // [rows, width] what a mixture or a norm adds to x

  Buffers(std::size_t rows, const HyperParameters& p, bool has_delta)
      : x(rows, p.width),
        normed(rows, p.width),
        q(rows, p.query_width()),
        k(rows, p.kv_width()),
        v(rows, p.kv_width()),
        attended(rows, p.query_width()),
        hidden(p.experts == 0 ? rows : 0, p.feed_forward),
        delta(has_delta ? rows : 0, p.width) {}
};

void scale(float* x, float factor, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) x[i] *= factor;
}

class Decoder final : public Model {
 public:
  Decoder(kernels::WorkerPool& pool, const HyperParameters& parameters, const DecoderTraits& traits,
          DecoderWeights weights, ModelStorage storage, ModelDescription description, const BatchLimits& limits)
      : pool_(pool),
        p_(parameters),
        traits_(traits),
        weights_(std::move(weights)),
        description_(std::move(description)),
        limits_(limits),
        adapters_(pool),
        buffers_(limits.rows_max, p_, p_.experts != 0 || traits.has_post_norms),
        storage_(std::move(storage)) {
    if (!traits.has_learned_positions) rope_.emplace(p_.rope, weights_.rope_factors, limits.context);
    if (p_.local_rope) local_rope_.emplace(*p_.local_rope, std::vector<float>(), limits.context);
    if (p_.experts != 0) mixture_.emplace(pool_, p_, limits.rows_max);
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

  Result<std::shared_ptr<const Adapter>> load_adapter(const formats::Checkpoint& adapter) const override {
    return model::load_adapter(adapter, {.architecture = description_.architecture,
                                         .parameters = p_,
                                         .traits = traits_,
                                         .vocabulary = limits_.vocabulary,
                                         .owner = this});
  }

 private:
  Status begin(const Batch& batch, const KvPages& kv, std::size_t logits_size);
  void embed(const Batch& batch);
  const RowBuffer& normalize(const Norm& norm);
  void attend(std::size_t layer, const kernels::KvLayerView& kv, const Batch& batch);
  const RopeTable* rope_of(std::size_t layer) const;
  void rotate(std::size_t layer, const Batch& batch);
  void rotate_heads(float* heads, std::size_t count, const Norm& norm, const float* cos_sin) const;
  void keep_wanted_rows();
  void feed_forward(std::size_t layer);
  // One matrix of a layer, with what adapters change there.
  struct AdaptedLinear {
    const Linear& linear;
    AdaptedMatrix matrix;
    std::size_t layer;
  };
  void add_product(const AdaptedLinear& adapted, const RowBuffer& x, const Norm& post_norm);
  void add_delta(const Norm& post_norm);
  void project(std::span<float> logits);

  // Constant after construction.
  kernels::WorkerPool& pool_;
  HyperParameters p_;
  DecoderTraits traits_;
  DecoderWeights weights_;
  ModelDescription description_;
  BatchLimits limits_;

  // Owned by the engine thread.
  std::optional<RopeTable> rope_;        // none with learned positions
  std::optional<RopeTable> local_rope_;  // of the layers with a window, where it is another
  BatchPlan plan_;
  AdapterRows adapters_;
  Buffers buffers_;
  kernels::Activations activations_;
  std::optional<Mixture> mixture_;
  std::size_t rows_ = 0;  // rows of the batch that are still computed

  ModelStorage storage_;
};

// Parallel regions of a decoding step: the four matrix products of each layer, attention when the context is long, and
// the output.  In large batches making the products' inputs, the row-wise steps and store_kv are shared too.
Status Decoder::forward(const Batch& batch, KvPages& kv, std::span<float> logits) {
  SIXFOLD_TRY_STATUS(begin(batch, kv, logits.size()));
  if (rows_ == 0) return ok();
  embed(batch);
  for (std::size_t layer = 0; layer < p_.layers; ++layer) {
    attend(layer, kv.layer(layer), batch);
    if (rows_ == 0) return ok();  // nobody wants logits
    feed_forward(layer);
  }
  if (batch.output == RowOutput::kState) {
    const RowBuffer& states = normalize(weights_.output_norm);
    for (std::size_t r = 0; r < rows_; ++r) std::copy_n(states.row(r), p_.width, logits.data() + r * p_.width);
  } else {
    project(logits);
  }
  return ok();
}

Status Decoder::begin(const Batch& batch, const KvPages& kv, std::size_t logits_size) {
  const KvShape& shape = kv.shape();
  if (shape.layers != p_.layers || shape.kv_heads != p_.kv_heads || shape.head_dim != p_.head_dim) {
    return invalid_argument("KV pages of {} layers, {} heads of {}, want {} layers, {} heads of {}", shape.layers,
                            shape.kv_heads, shape.head_dim, p_.layers, p_.kv_heads, p_.head_dim);
  }
  SIXFOLD_TRY_STATUS(plan_.assign(batch, kv, limits_, logits_size));
  if (rope_) SIXFOLD_TRY_STATUS(rope_->reserve(plan_.positions_end()));
  if (local_rope_) SIXFOLD_TRY_STATUS(local_rope_->reserve(plan_.positions_end()));
  SIXFOLD_TRY_STATUS(adapters_.assign(batch, plan_.wanted_rows(), p_, limits_.vocabulary, this));
  rows_ = batch.rows.size();
  return ok();
}

// x = embedding[token] * scale, plus the position's vector where there is one
void Decoder::embed(const Batch& batch) {
  weights_.embedding.look_up(pool_, batch.rows, p_.embedding_scale, buffers_.x);
  if (weights_.positions.empty()) return;
  for_rows(pool_, rows_, p_.width, [&](std::size_t r) {
    kernels::add(buffers_.x.row(r), weights_.positions.data() + batch.rows[r].position * p_.width, p_.width);
  });
}

// norm(x), or x where there is no norm: [rows, width]
const RowBuffer& Decoder::normalize(const Norm& norm) {
  if (norm.is_empty()) return buffers_.x;
  for_rows(pool_, rows_, p_.width,
           [&](std::size_t r) { norm.apply(buffers_.x.row(r), p_.width, buffers_.normed.row(r)); });
  return buffers_.normed;
}

// x += softmax(cap(q k^T * scale)) v W_o
void Decoder::attend(std::size_t layer, const kernels::KvLayerView& kv, const Batch& batch) {
  const DecoderLayer& weights = weights_.layers[layer];
  const Buffers& b = buffers_;
  const bool is_last = layer + 1 == p_.layers;
  const RowBuffer& normed = normalize(weights.attention_norm);
  assign_rows(activations_, normed, rows_, p_.width);
  MatmulTarget targets[] = {weights.q.into(b.q), weights.k.into(b.k), weights.v.into(b.v)};
  const AdapterRows::Target adapted[] = {
      {targets[0], AdaptedMatrix::kQuery}, {targets[1], AdaptedMatrix::kKey}, {targets[2], AdaptedMatrix::kValue}};
  adapters_.add_to(adapted, layer, normed, p_.width);
  kernels::matmul(pool_, activations_, targets);
  rotate(layer, batch);
  kernels::store_kv(pool_, plan_.spans(), kv, b.k.row(0), b.v.row(0), b.k.stride());
  if (is_last && plan_.wanted_rows().empty()) {
    rows_ = 0;
    return;
  }
  const kernels::AttentionParameters parameters = {
      .heads = p_.heads, .scale = p_.attention_scale, .window = p_.window_of(layer), .softcap = p_.attention_cap};
  kernels::attention(pool_, plan_.spans(), kv, parameters, b.q.row(0), b.q.stride(), b.attended.row(0),
                     b.attended.stride());
  if (is_last) keep_wanted_rows();
  assign_rows(activations_, b.attended, rows_, p_.query_width());
  add_product({weights.attention_output, AdaptedMatrix::kAttentionOutput, layer}, b.attended,
              weights.post_attention_norm);
}

// Null for a layer without.
const RopeTable* Decoder::rope_of(std::size_t layer) const {
  if (!rope_ || (traits_.positionless_period != 0 && (layer + 1) % traits_.positionless_period == 0)) return nullptr;
  return local_rope_ && p_.has_window[layer] ? &*local_rope_ : &*rope_;
}

// The norms of q and k, and RoPE.
void Decoder::rotate(std::size_t layer, const Batch& batch) {
  const DecoderLayer& weights = weights_.layers[layer];
  const RopeTable* rope = rope_of(layer);
  if (rope == nullptr && weights.q_norm.is_empty()) return;
  // Every number counts twice: sharing was found to pay from 8 rows of 2,560 on, where it did not for norms alone.
  for_rows(pool_, rows_, 2 * (p_.query_width() + p_.kv_width()), [&](std::size_t r) {
    const float* cos_sin = rope != nullptr ? rope->row(batch.rows[r].position) : nullptr;
    rotate_heads(buffers_.q.row(r), p_.heads, weights.q_norm, cos_sin);
    rotate_heads(buffers_.k.row(r), p_.kv_heads, weights.k_norm, cos_sin);
  });
}

void Decoder::rotate_heads(float* heads, std::size_t count, const Norm& norm, const float* cos_sin) const {
  if (!norm.is_empty()) norm.apply(heads, count * p_.head_dim, heads);
  if (cos_sin == nullptr) return;
  for (std::size_t h = 0; h < count; ++h)
    kernels::rope(heads + h * p_.head_dim, cos_sin, rope_->pairs(), p_.rope.pairing);
}

// Once the last layer's keys and values are stored, only rows whose logits are read need the rest.
void Decoder::keep_wanted_rows() {
  const std::span<const std::size_t> wanted = plan_.wanted_rows();
  for (std::size_t to = 0; to < wanted.size(); ++to) {
    const std::size_t from = wanted[to];  // never before `to`, so no row is overwritten before it is moved
    if (from == to) continue;
    std::memcpy(buffers_.x.row(to), buffers_.x.row(from), p_.width * sizeof(float));
    std::memcpy(buffers_.attended.row(to), buffers_.attended.row(from), p_.query_width() * sizeof(float));
  }
  adapters_.keep(wanted);
  rows_ = wanted.size();
}

// x += W_down (activation(W_gate normed) * W_up normed), or x += W_down activation(W_up normed) without a gate, or a
// mixture of such.
void Decoder::feed_forward(std::size_t layer) {
  const DecoderLayer& weights = weights_.layers[layer];
  const Buffers& b = buffers_;
  const RowBuffer& normed = normalize(weights.feed_forward_norm);
  if (weights.mixture) {
    mixture_->compute(*weights.mixture, normed, rows_, b.delta);
    add_delta(weights.post_feed_forward_norm);
    return;
  }
  assign_rows(activations_, normed, rows_, p_.width);
  MatmulTarget hidden = weights.up.into(b.hidden);
  if (weights.gate) hidden.gate = &*weights.gate;
  hidden.activation = traits_.activation;
  const AdapterRows::Target adapted[] = {{hidden, AdaptedMatrix::kUp},
                                         {hidden, AdaptedMatrix::kGate, /*is_gate=*/true}};
  adapters_.add_to(adapted, layer, normed, p_.width);
  kernels::matmul(pool_, activations_, {&hidden, 1});
  assign_rows(activations_, b.hidden, rows_, p_.feed_forward);
  add_product({weights.down, AdaptedMatrix::kDown, layer}, b.hidden, weights.post_feed_forward_norm);
}

// residual stream += residual scale * post_norm(product of the current activations, which were assigned x)
void Decoder::add_product(const AdaptedLinear& adapted, const RowBuffer& x, const Norm& post_norm) {
  const bool is_direct = post_norm.is_empty();
  MatmulTarget target = adapted.linear.into(is_direct ? buffers_.x : buffers_.delta);
  if (is_direct) {
    target.factor = p_.residual_scale;
    target.adds = true;
  }
  const AdapterRows::Target change = {target, adapted.matrix};
  adapters_.add_to({&change, 1}, adapted.layer, x, adapted.linear.weights.cols());
  kernels::matmul(pool_, activations_, {&target, 1});
  if (!is_direct) add_delta(post_norm);
}

// x += residual scale * post_norm(delta)
void Decoder::add_delta(const Norm& post_norm) {
  for_rows(pool_, rows_, p_.width, [&](std::size_t r) {
    float* delta = buffers_.delta.row(r);
    if (!post_norm.is_empty()) post_norm.apply(delta, p_.width, delta);
    if (p_.residual_scale != 1) scale(delta, p_.residual_scale, p_.width);
    kernels::add(buffers_.x.row(r), delta, p_.width);
  });
}

// logits = cap(scale * W_output norm(x))
void Decoder::project(std::span<float> logits) {
  const RowBuffer& normed = normalize(weights_.output_norm);
  assign_rows(activations_, normed, rows_, p_.width);
  const std::size_t vocabulary = limits_.vocabulary;
  MatmulTarget target = {
      .weights = &weights_.output, .out = logits.data(), .out_stride = vocabulary, .factor = p_.logit_scale};
  const AdapterRows::Target change = {target, AdaptedMatrix::kOutput};
  adapters_.add_to({&change, 1}, 0, normed, p_.width);
  kernels::matmul(pool_, activations_, {&target, 1});
  if (p_.logit_cap == 0) return;
  for_rows(pool_, rows_, vocabulary,
           [&](std::size_t r) { kernels::soft_cap(logits.data() + r * vocabulary, p_.logit_cap, vocabulary); });
}

}  // namespace

Result<std::unique_ptr<Model>> load_decoder(WeightReader& reader, const DecoderTraits& traits,
                                            ModelDescription description, const LoadOptions& options) {
  SIXFOLD_TRY(const HyperParameters p, read_hyper_parameters(reader.checkpoint(), description.architecture, traits));
  const std::size_t context = options.context == 0 ? p.context : std::min(options.context, p.context);
  SIXFOLD_TRY(DecoderWeights weights, load_decoder_weights(reader, p, traits, context, description));
  SIXFOLD_TRY(ModelStorage storage, reader.finish());
  const BatchLimits limits = {
      .rows_max = options.rows_max, .vocabulary = weights.embedding.vocabulary(), .context = context, .width = p.width};
  description.vocabulary = limits.vocabulary;
  description.context_max = p.context;
  description.layers = p.layers;
  description.width = p.width;
  for (std::size_t layer = 0; layer < p.layers; ++layer) {
    if (p.window_of(layer) == 0) description.attention_width += p.query_width();
  }
  if (p.experts != 0) {
    description.expert_share_a_row = static_cast<double>(p.experts_used) / static_cast<double>(p.experts);
  }
  return std::unique_ptr<Model>(std::make_unique<Decoder>(reader.pool(), p, traits, std::move(weights),
                                                          std::move(storage), std::move(description), limits));
}

}  // namespace sixfold::model
