// Feeds the same tokens to both models, piece by piece, and compares rows of logits.
#include "model/divergence.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <numeric>
#include <vector>

#include "core/error.h"
#include "model/likelihood.h"
#include "model/single_sequence.h"
#include "model/text_chunks.h"

namespace sixfold::model {
namespace {

double divergence_of(std::span<const float> reference, std::span<const float> model) {
  const double reference_total = log_sum_exp(reference);
  const double model_total = log_sum_exp(model);
  double sum = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double log_p = static_cast<double>(reference[i]) - reference_total;
    const double log_q = static_cast<double>(model[i]) - model_total;
    sum += std::exp(log_p) * (log_p - log_q);
  }
  return sum;
}

std::size_t top_of(std::span<const float> logits) {
  return static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

class Comparison {
 public:
  Comparison(Model& reference, Model& model) : reference_{reference, {}, {}}, model_{model, {}, {}} {}

  // Compares the second half of a chunk.
  Status add_chunk(std::span<const TokenId> tokens, const PerplexityOptions& options) {
    SIXFOLD_TRY(SingleSequence reference, SingleSequence::make(reference_.model, tokens.size(), options.kv_dtype));
    SIXFOLD_TRY(SingleSequence model,
                SingleSequence::make(model_.model, tokens.size(), options.kv_dtype, options.adapter));
    const std::size_t vocabulary = model_.model.description().vocabulary;
    const std::size_t piece = std::min(piece_of(reference_.model, 0), piece_of(model_.model, 0));
    const std::size_t first_scored = tokens.size() / 2;
    const std::size_t end = tokens.size() - 1;  // the last token predicts one that the chunk does not have
    for (std::size_t first = 0; first < end; first += piece) {
      const std::size_t count = std::min(piece, end - first);
      for (Side* side : {&reference_, &model_}) side->logits.resize(count * vocabulary);
      SIXFOLD_TRY_STATUS(reference.feed(tokens.subspan(first, count), first, first_scored, reference_.logits));
      SIXFOLD_TRY_STATUS(model.feed(tokens.subspan(first, count), first, first_scored, model_.logits));
      std::size_t row = 0;
      for (std::size_t j = std::max(first, first_scored); j < first + count; ++j, row += vocabulary) {
        add_row(std::span(reference_.logits).subspan(row, vocabulary),
                std::span(model_.logits).subspan(row, vocabulary), tokens[j + 1]);
      }
    }
    ++chunks_;
    return ok();
  }

  Perplexity perplexity() const { return model_.score.perplexity(chunks_); }

  Divergence result() {
    std::sort(divergences_.begin(), divergences_.end());
    const double n = static_cast<double>(divergences_.size());
    const double mean = std::accumulate(divergences_.begin(), divergences_.end(), 0.0) / n;
    double squares = 0;
    for (const double value : divergences_) squares += (value - mean) * (value - mean);
    const auto at = [&](double share) { return divergences_[static_cast<std::size_t>(share * (n - 1))]; };
    return {.mean = mean,
            .standard_error = n > 1 ? std::sqrt(squares / (n - 1) / n) : 0,
            .median = at(0.5),
            .percentile_99 = at(0.99),
            .largest = divergences_.back(),
            .same_top = static_cast<double>(same_top_) / n,
            .model = perplexity(),
            .reference = reference_.score.perplexity(chunks_)};
  }

 private:
  struct Side {
    Model& model;
    std::vector<float> logits;  // [positions of a piece, vocabulary]
    LikelihoodScore score;
  };

  void add_row(std::span<const float> reference, std::span<const float> model, TokenId next) {
    reference_.score.add(negative_log_likelihood(reference, next));
    model_.score.add(negative_log_likelihood(model, next));
    divergences_.push_back(divergence_of(reference, model));
    if (top_of(reference) == top_of(model)) ++same_top_;
  }

  Side reference_, model_;
  std::vector<double> divergences_;
  std::size_t same_top_ = 0;
  std::size_t chunks_ = 0;
};

}  // namespace

Result<Divergence> measure_divergence(Model& reference, Model& model, std::span<const TokenId> tokens,
                                      const PerplexityOptions& options) {
  const std::size_t vocabulary = model.description().vocabulary;
  if (reference.description().vocabulary != vocabulary) {
    return invalid_argument("a reference of {} tokens, want the model's {}", reference.description().vocabulary,
                            vocabulary);
  }
  SIXFOLD_TRY_STATUS(check_tokens(model, tokens));
  if (options.bos) SIXFOLD_TRY_STATUS(check_tokens(model, {&*options.bos, 1}));
  Comparison comparison(reference, model);
  try {
    const auto compare_chunk = [&](std::span<const TokenId> ids, std::size_t chunks) -> Result<bool> {
      SIXFOLD_TRY_STATUS(comparison.add_chunk(ids, options));
      return !options.progress || options.progress(comparison.perplexity(), chunks);
    };
    SIXFOLD_TRY_STATUS(for_each_chunk(tokens, options, compare_chunk));
  } catch (const std::bad_alloc&) {
    return resource_exhausted("no memory to compare {} tokens", tokens.size());
  }
  return comparison.result();
}

}  // namespace sixfold::model
