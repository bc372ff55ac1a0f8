// Experts run one after the other over the rows that chose them, so that each weight matrix is read once per batch.
#include "model/mixture.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/vector_ops.h"
#include "model/row_loop.h"

namespace sixfold::model {

using kernels::MatmulTarget;

Result<MixtureWeights> load_mixture(WeightReader& reader, const std::string& prefix, const HyperParameters& p) {
  MixtureWeights weights;
  SIXFOLD_TRY(weights.router, reader.matrix(prefix + "ffn_gate_inp.weight", p.experts, p.width));
  SIXFOLD_TRY(weights.gate, reader.expert_matrices(prefix + "ffn_gate", p.experts, p.feed_forward, p.width));
  SIXFOLD_TRY(weights.up, reader.expert_matrices(prefix + "ffn_up", p.experts, p.feed_forward, p.width));
  SIXFOLD_TRY(weights.down, reader.expert_matrices(prefix + "ffn_down", p.experts, p.width, p.feed_forward));
  return weights;
}

Mixture::Mixture(kernels::WorkerPool& pool, const HyperParameters& p, std::size_t rows_max)
    : pool_(pool),
      width_(p.width),
      feed_forward_(p.feed_forward),
      experts_(p.experts),
      used_(p.experts_used),
      scores_(make_aligned_floats(rows_max * p.experts)),
      gathered_(make_aligned_floats(rows_max * p.width)),
      hidden_(make_aligned_floats(rows_max * p.feed_forward)),
      result_(make_aligned_floats(rows_max * p.width)),
      choices_(rows_max * p.experts_used) {
  chosen_.reserve(rows_max);
}

void Mixture::compute(const MixtureWeights& weights, const float* normed, std::size_t rows, float* delta) {
  activations_.assign(normed, rows, width_);
  kernels::matmul(pool_, activations_, weights.router, scores_.get(), experts_);
  for (std::size_t r = 0; r < rows; ++r) choose(scores_.get() + r * experts_, choices_.data() + r * used_);
  std::fill(delta, delta + rows * width_, 0.0F);
  // In the order of the experts, so that every row sums its own in the same order whatever the batch.
  for (std::size_t expert = 0; expert < experts_; ++expert) add_expert(weights, expert, normed, rows, delta);
}

// The `used` best experts (the lower index wins a tie); their shares are a softmax over their scores, which equals the
// softmax over all experts, renormalised.
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
  for (std::size_t i = 0; i < used_; ++i) choices[i].share /= sum;
}

void Mixture::add_expert(const MixtureWeights& weights, std::size_t expert, const float* normed, std::size_t rows,
                         float* delta) {
  chosen_.clear();
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t i = 0; i < used_; ++i) {
      const Choice& choice = choices_[r * used_ + i];
      if (choice.expert == expert) chosen_.push_back({.row = r, .share = choice.share});
    }
  }
  const std::size_t count = chosen_.size();
  if (count == 0) return;
  for_rows(pool_, count, width_, [&](std::size_t i) {
    std::memcpy(gathered_.get() + i * width_, normed + chosen_[i].row * width_, width_ * sizeof(float));
  });
  activations_.assign(gathered_.get(), count, width_);
  const MatmulTarget hidden = {.weights = &weights.up[expert],
                               .out = hidden_.get(),
                               .out_stride = feed_forward_,
                               .gate = &weights.gate[expert],
                               .activation = kernels::Activation::kSilu};
  kernels::matmul(pool_, activations_, {&hidden, 1});
  activations_.assign(hidden_.get(), count, feed_forward_);
  kernels::matmul(pool_, activations_, weights.down[expert], result_.get(), width_);
  for_rows(pool_, count, width_, [&](std::size_t i) {
    float* result = result_.get() + i * width_;
    for (std::size_t j = 0; j < width_; ++j) result[j] *= chosen_[i].share;
    kernels::add(delta + chosen_[i].row * width_, result, width_);
  });
}

}  // namespace sixfold::model
