// Experts run one after the other over the rows that chose them, so that each weight matrix is read once per batch.
#include "model/blocks/mixture.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/vector_ops.h"
#include "model/row_loop.h"

namespace sixfold::model {

using kernels::MatmulTarget;

namespace {

Result<SharedExpertWeights> load_shared_expert(WeightReader& reader, const std::string& prefix,
                                               const HyperParameters& p) {
  SharedExpertWeights weights;
  SIXFOLD_TRY(weights.share, reader.vector(prefix + "ffn_gate_inp_shexp.weight", p.width));
  SIXFOLD_TRY(weights.gate, reader.matrix(prefix + "ffn_gate_shexp.weight", p.shared_feed_forward, p.width));
  SIXFOLD_TRY(weights.up, reader.matrix(prefix + "ffn_up_shexp.weight", p.shared_feed_forward, p.width));
  SIXFOLD_TRY(weights.down, reader.matrix(prefix + "ffn_down_shexp.weight", p.width, p.shared_feed_forward));
  return weights;
}

}  // namespace

Result<MixtureWeights> load_mixture(WeightReader& reader, const std::string& prefix, const HyperParameters& p) {
  MixtureWeights weights;
  SIXFOLD_TRY(weights.router, reader.matrix(prefix + "ffn_gate_inp.weight", p.experts, p.width));
  SIXFOLD_TRY(weights.gate, reader.expert_matrices(prefix + "ffn_gate", p.experts, p.feed_forward, p.width));
  SIXFOLD_TRY(weights.up, reader.expert_matrices(prefix + "ffn_up", p.experts, p.feed_forward, p.width));
  SIXFOLD_TRY(weights.down, reader.expert_matrices(prefix + "ffn_down", p.experts, p.width, p.feed_forward));
  if (p.shared_feed_forward != 0) {
    SIXFOLD_TRY(weights.shared, load_shared_expert(reader, prefix, p));
  }
  return weights;
}

Mixture::Mixture(kernels::WorkerPool& pool, const HyperParameters& p, std::size_t rows_max)
    : pool_(pool),
      width_(p.width),
      experts_(p.experts),
      used_(p.experts_used),
      renormalizes_shares_(p.renormalizes_shares),
      scores_(rows_max, p.experts),
      gathered_(rows_max, p.width),
      hidden_(rows_max, std::max(p.feed_forward, p.shared_feed_forward)),
      result_(rows_max, p.width),
      choices_(rows_max * p.experts_used) {
  chosen_.reserve(rows_max);
}

void Mixture::compute(const MixtureWeights& weights, const RowBuffer& normed, std::size_t rows,
                      const RowBuffer& delta) {
  assign_rows(activations_, normed, rows, width_);
  kernels::matmul(pool_, activations_, weights.router, scores_.row(0), scores_.stride());
  for (std::size_t r = 0; r < rows; ++r) choose(scores_.row(r), choices_.data() + r * used_);
  for (std::size_t r = 0; r < rows; ++r) std::fill_n(delta.row(r), width_, 0.0F);
  // In the order of the experts, so that every row sums its own in the same order whatever the batch.
  for (std::size_t expert = 0; expert < experts_; ++expert) add_expert(weights, expert, normed, rows, delta);
  if (weights.shared) add_shared(*weights.shared, normed, rows, delta);
}

// The `used` best experts (the lower index wins a tie).  Their shares are a softmax over the scores of all experts, or
// of them alone, which is the same renormalized.
void Mixture::choose(const float* scores, Choice* choices) const {
  std::size_t count = 0;
  for (std::size_t expert = 0; expert < experts_; ++expert) {
    // NaN ranks last, so that every row has `used` experts whatever the weights.
    const float score = std::isnan(scores[expert]) ? -std::numeric_limits<float>::infinity() : scores[expert];
    std::size_t at = count;
    while (at > 0 && choices[at - 1].share < score) --at;
    if (at == used_) continue;
    if (count < used_) ++count;
    for (std::size_t i = count - 1; i > at; --i) choices[i] = choices[i - 1];
    choices[at] = {.expert = expert, .share = score};
  }
  const float best = choices[0].share;
  float sum = 0;
  for (std::size_t i = 0; i < used_; ++i) {
    choices[i].share = std::exp(choices[i].share - best);
    sum += choices[i].share;
  }
  if (!renormalizes_shares_) {
    sum = 0;
    for (std::size_t expert = 0; expert < experts_; ++expert) {
      if (!std::isnan(scores[expert])) sum += std::exp(scores[expert] - best);
    }
  }
  for (std::size_t i = 0; i < used_; ++i) choices[i].share /= sum;
}

void Mixture::add_expert(const MixtureWeights& weights, std::size_t expert, const RowBuffer& normed, std::size_t rows,
                         const RowBuffer& delta) {
  chosen_.clear();
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t i = 0; i < used_; ++i) {
      const Choice& choice = choices_[r * used_ + i];
      if (choice.expert == expert) chosen_.push_back({.row = r, .share = choice.share});
    }
  }
  const std::size_t count = chosen_.size();
  if (count == 0) return;
  for_rows(pool_, count, width_,
           [&](std::size_t i) { std::memcpy(gathered_.row(i), normed.row(chosen_[i].row), width_ * sizeof(float)); });
  run_expert({weights.gate[expert], weights.up[expert], weights.down[expert]}, gathered_, count);
  for_rows(pool_, count, width_,
           [&](std::size_t i) { add_share(chosen_[i].share, result_.row(i), delta.row(chosen_[i].row)); });
}

void Mixture::add_shared(const SharedExpertWeights& weights, const RowBuffer& normed, std::size_t rows,
                         const RowBuffer& delta) {
  run_expert({weights.gate, weights.up, weights.down}, normed, rows);
  for_rows(pool_, rows, width_, [&](std::size_t r) {
    const float* row = normed.row(r);
    float score = 0;
    for (std::size_t i = 0; i < width_; ++i) score += weights.share[i] * row[i];
    add_share(1 / (1 + std::exp(-score)), result_.row(r), delta.row(r));
  });
}

// result = W_down (silu(W_gate input) * W_up input)
void Mixture::run_expert(const Expert& expert, const RowBuffer& input, std::size_t rows) {
  assign_rows(activations_, input, rows, width_);
  const std::size_t feed_forward = expert.up.rows();
  const MatmulTarget hidden = {.weights = &expert.up,
                               .out = hidden_.row(0),
                               .out_stride = hidden_.stride(),
                               .gate = &expert.gate,
                               .activation = kernels::Activation::kSilu};
  kernels::matmul(pool_, activations_, {&hidden, 1});
  assign_rows(activations_, hidden_, rows, feed_forward);
  kernels::matmul(pool_, activations_, expert.down, result_.row(0), result_.stride());
}

void Mixture::add_share(float share, float* result, float* delta) const {
  for (std::size_t i = 0; i < width_; ++i) result[i] *= share;
  kernels::add(delta, result, width_);
}

}  // namespace sixfold::model
