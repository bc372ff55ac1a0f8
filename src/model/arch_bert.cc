// Encoders of the BERT family: arXiv:1810.04805 (BERT), arXiv:1907.11692 (RoBERTa), arXiv:1911.02116 (XLM-R),
// arXiv:2402.01613 (Nomic).  Reference implementation: Hugging Face transformers' BertModel, RobertaModel and their
// sequence classification heads; tensor names are GGUF's.  A layer, with its norms behind the sums:
// x = norm(x + attention(x)); x = norm(x + feed_forward(x)).
// RoBERTa's positions begin behind the padding token's id; files hold the table without the rows before that.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "kernels/attention.h"
#include "kernels/matmul.h"
#include "kernels/packed_matrix.h"
#include "kernels/vector_ops.h"
#include "model/arch_list.h"
#include "model/bert_weights.h"
#include "model/encoder_batch.h"
#include "model/hyper_parameters.h"
#include "model/pooling.h"
#include "model/rope_table.h"
#include "model/row_buffer.h"
#include "model/row_loop.h"
#include "model/weight_reader.h"

namespace sixfold::model {
namespace {

using kernels::MatmulTarget;

// For a head whose classes the file does not name, or not all of them.
std::vector<std::string> numbers_as_names(std::size_t classes) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < classes; ++i) names.push_back(std::to_string(i));
  return names;
}

// Keys and values are as precise as the weights that made them: fixed point is as precise as F16.
kernels::KvDType kv_dtype_for(const kernels::PackedMatrix& weights) {
  return weights.dtype() == DType::kF32 ? kernels::KvDType::kF32 : kernels::KvDType::kI16;
}

// Scratch of one pass.
struct Buffers {
  RowBuffer x;         // [rows, width] the residual stream
  RowBuffer qkv;       // [rows, {q, k, v}, heads, head_dim]
  RowBuffer attended;  // [rows, heads, head_dim]
  RowBuffer hidden;    // [rows, feed_forward]

  Buffers(std::size_t rows, const HyperParameters& p)
      : x(rows, p.width), qkv(rows, 3 * p.width), attended(rows, p.width), hidden(rows, p.feed_forward) {}
};

class BertEncoder final : public Encoder {
 public:
  BertEncoder(kernels::WorkerPool& pool, const HyperParameters& parameters, const DecoderTraits& traits,
              BertWeights weights, ModelStorage storage, EncoderDescription description, const EncoderLimits& limits,
              KvPages kv)
      : pool_(pool),
        p_(parameters),
        activation_(traits.activation),
        weights_(std::move(weights)),
        description_(std::move(description)),
        limits_(limits),
        kv_(std::move(kv)),
        batch_(limits_),
        buffers_(limits_.rows, p_),
        storage_(std::move(storage)) {
    if (!traits.has_learned_positions) rope_.emplace(p_.rope, std::vector<float>(), p_.context);
    storage_.write_in_background();
  }

  const EncoderDescription& description() const override { return description_; }
  std::size_t rows_max() const override { return limits_.rows; }
  Status encode(std::span<const EncoderText> texts, EncoderOutput output, std::span<float> out) override;

 private:
  void compute(EncoderOutput output);
  void embed();
  void normalize(const Norm& norm);
  void attend(const BertLayer& layer);
  void rotate();
  void keep_one_row_per_text(EncoderOutput output);
  void add_product(const Linear& linear);
  void feed_forward(const BertLayer& layer);
  float* write(EncoderOutput output, float* out);
  float* classify(float* scores);

  // Constant after construction.
  kernels::WorkerPool& pool_;
  HyperParameters p_;
  kernels::Activation activation_;
  BertWeights weights_;
  EncoderDescription description_;
  EncoderLimits limits_;

  // Owned by the encoder's thread.
  KvPages kv_;                     // of one layer, which all take in turn
  std::optional<RopeTable> rope_;  // none with learned positions
  EncoderBatch batch_;
  Buffers buffers_;
  kernels::Activations activations_;
  std::size_t rows_ = 0;  // of the pass that are still computed

  ModelStorage storage_;
};

Status BertEncoder::encode(std::span<const EncoderText> texts, EncoderOutput output, std::span<float> out) {
  SIXFOLD_TRY_STATUS(check_encode(texts, output, out.size(), limits_));
  float* next = out.data();
  while (!texts.empty()) {
    const std::size_t count = batch_.assign(texts);
    if (rope_) SIXFOLD_TRY_STATUS(rope_->reserve(batch_.positions_end()));
    compute(output);
    next = write(output, next);
    texts = texts.subspan(count);
  }
  return ok();
}

// Whether the output is made of one row of each text.
bool reads_one_row(EncoderOutput output) {
  return output != EncoderOutput::kTokens && output != EncoderOutput::kMean;
}

void BertEncoder::compute(EncoderOutput output) {
  rows_ = batch_.rows().size();
  embed();
  for (std::size_t i = 0; i < p_.layers; ++i) {
    const BertLayer& layer = weights_.layers[i];
    attend(layer);
    if (i + 1 == p_.layers && reads_one_row(output)) keep_one_row_per_text(output);
    assign_rows(activations_, buffers_.attended, rows_, p_.width);
    add_product(layer.attention_output);
    normalize(layer.attention_norm);
    feed_forward(layer);
    normalize(layer.feed_forward_norm);
  }
}

// x = norm(embedding[token] + positions[position] + token_types[segment])
void BertEncoder::embed() {
  const std::size_t width = p_.width;
  weights_.embedding.look_up(pool_, batch_.rows(), 1, buffers_.x);
  for_rows(pool_, rows_, 2 * width, [&](std::size_t r) {
    float* x = buffers_.x.row(r);
    if (!rope_) {
      const TensorView& table = weights_.positions;
      float* position = buffers_.attended.row(r);  // not in use yet
      const std::size_t bytes = row_bytes(table.dtype, width);
      kernels::dequantize(table.dtype, table.bytes.data() + batch_.rows()[r].position * bytes, width, position);
      kernels::add(x, position, width);
    }
    if (weights_.token_types.empty()) return;
    // A model with one type tells nothing apart.
    const bool is_second = batch_.is_second(r) && description_.token_types > 1;
    kernels::add(x, weights_.token_types.data() + (is_second ? width : 0), width);
  });
  normalize(weights_.embedding_norm);
}

// x = norm(x)
void BertEncoder::normalize(const Norm& norm) {
  for_rows(pool_, rows_, p_.width, [&](std::size_t r) {
    float* x = buffers_.x.row(r);
    norm.apply(x, p_.width, x);
  });
}

// attended = softmax(q k^T * scale) v, over all rows of a text
void BertEncoder::attend(const BertLayer& layer) {
  const std::size_t stride = buffers_.qkv.stride();
  float* q = buffers_.qkv.row(0);
  float* k = q + p_.width;
  float* v = k + p_.width;
  assign_rows(activations_, buffers_.x, rows_, p_.width);
  const MatmulTarget targets[] = {layer.q.into(q, stride), layer.k.into(k, stride), layer.v.into(v, stride)};
  kernels::matmul(pool_, activations_, targets);
  if (rope_) rotate();
  const kernels::KvLayerView kv = kv_.layer(0);
  kernels::store_kv(pool_, batch_.spans(), kv, k, v, stride);
  kernels::attention(pool_, batch_.spans(), kv, {.heads = p_.heads, .scale = p_.attention_scale, .is_causal = false}, q,
                     stride, buffers_.attended.row(0), buffers_.attended.stride());
}

// RoPE on q and k, which lie side by side.
void BertEncoder::rotate() {
  for_rows(pool_, rows_, 2 * p_.width, [&](std::size_t r) {
    float* heads = buffers_.qkv.row(r);
    const float* cos_sin = rope_->row(batch_.rows()[r].position);
    for (std::size_t h = 0; h < 2 * p_.heads; ++h) {
      kernels::rope(heads + h * p_.head_dim, cos_sin, rope_->pairs(), kernels::RopePairing::kHalves);
    }
  });
}

// Once the last layer has attended, only rows that the output is made of need the rest.
void BertEncoder::keep_one_row_per_text(EncoderOutput output) {
  std::size_t to = 0;
  for (const kernels::AttentionSpan& span : batch_.spans()) {
    // Never before `to`, so no row is overwritten before it is moved.
    const std::size_t from = span.first_row + (output == EncoderOutput::kLast ? span.rows - 1 : 0);
    for (const RowBuffer* buffer : {&buffers_.x, &buffers_.attended}) {
      if (from != to) std::memcpy(buffer->row(to), buffer->row(from), p_.width * sizeof(float));
    }
    ++to;
  }
  rows_ = to;
}

// x += product of the current activations
void BertEncoder::add_product(const Linear& linear) {
  MatmulTarget target = linear.into(buffers_.x);
  target.adds = true;
  kernels::matmul(pool_, activations_, {&target, 1});
}

// x += W_down activation(W_up x), or x += W_down (activation(W_gate x) * W_up x)
void BertEncoder::feed_forward(const BertLayer& layer) {
  assign_rows(activations_, buffers_.x, rows_, p_.width);
  MatmulTarget hidden = layer.up.into(buffers_.hidden);
  if (layer.gate) hidden.gate = &*layer.gate;
  hidden.activation = activation_;
  kernels::matmul(pool_, activations_, {&hidden, 1});
  assign_rows(activations_, buffers_.hidden, rows_, p_.feed_forward);
  add_product(layer.down);
}

// Returns where the next pass goes on.
float* BertEncoder::write(EncoderOutput output, float* out) {
  if (output == EncoderOutput::kScores) return classify(out);
  if (reads_one_row(output)) {
    for (std::size_t r = 0; r < rows_; ++r) out = std::copy_n(buffers_.x.row(r), p_.width, out);
    return out;
  }
  for (const kernels::AttentionSpan& span : batch_.spans()) {
    pool(output, {.data = buffers_.x.row(span.first_row), .stride = buffers_.x.stride(), .count = span.rows}, p_.width,
         out);
    out += output_size(description_, output, span.rows);
  }
  return out;
}

float* BertEncoder::classify(float* scores) {
  const BertHead& head = weights_.head;
  const RowBuffer& states = head.dense ? buffers_.attended : buffers_.x;
  if (head.dense) {
    assign_rows(activations_, buffers_.x, rows_, p_.width);
    const MatmulTarget dense = head.dense->into(states);
    kernels::matmul(pool_, activations_, {&dense, 1});
  }
  for (std::size_t row = 0; row < rows_; ++row) {
    float* x = states.row(row);
    if (head.dense) std::transform(x, x + p_.width, x, [](float value) { return std::tanh(value); });
    for (std::size_t c = 0; c < limits_.classes; ++c) {
      const float bias = head.output_bias.empty() ? 0 : head.output_bias[c];
      *scores++ = std::inner_product(x, x + p_.width, head.output.data() + c * p_.width, bias);
    }
  }
  return scores;
}

}  // namespace

Result<std::unique_ptr<Encoder>> load_bert(WeightReader& reader, const DecoderTraits& traits,
                                           EncoderDescription description, const LoadOptions& options) {
  SIXFOLD_TRY(const HyperParameters p,
              read_hyper_parameters(reader.checkpoint(), description.model.architecture, traits));
  if (p.query_width() != p.width || p.kv_heads != p.heads) {
    return invalid_argument("{}: {} heads of {} and {} kv heads: want heads that make up the width of {}",
                            reader.path(), p.heads, p.head_dim, p.kv_heads, p.width);
  }
  SIXFOLD_TRY(BertWeights weights, load_bert_weights(reader, p, traits, description));
  const std::size_t classes = weights.head.output.size() / p.width;
  if (description.classes.size() != classes) description.classes = numbers_as_names(classes);
  const std::size_t rows =
      (std::max(options.rows_max, p.context) + kEncoderRowStep - 1) / kEncoderRowStep * kEncoderRowStep;
  const EncoderLimits limits{.rows = rows,
                             .context = p.context,
                             .vocabulary = weights.embedding.vocabulary(),
                             .classes = classes,
                             .width = p.width};
  const KvShape shape{.layers = 1,
                      .kv_heads = p.heads,
                      .head_dim = p.head_dim,
                      .page_tokens = kEncoderRowStep,
                      .dtype = kv_dtype_for(weights.layers.front().q.weights)};
  SIXFOLD_TRY(KvPages kv, KvPages::allocate(shape, rows / kEncoderRowStep));
  SIXFOLD_TRY(ModelStorage storage, reader.finish());
  description.model.vocabulary = limits.vocabulary;
  description.model.context_max = p.context;
  description.model.layers = p.layers;
  description.model.width = p.width;
  return std::unique_ptr<Encoder>(std::make_unique<BertEncoder>(
      reader.pool(), p, traits, std::move(weights), std::move(storage), std::move(description), limits, std::move(kv)));
}

}  // namespace sixfold::model
