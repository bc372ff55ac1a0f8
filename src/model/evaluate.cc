// Runs one sequence at a time through the model, in pieces.
#include "model/evaluate.h"

#include <algorithm>
#include <new>

#include "core/error.h"
#include "model/likelihood.h"
#include "model/single_sequence.h"
#include "model/text_chunks.h"

namespace sixfold::model {
namespace {

// Scores tokens [tokens / 2 + 1, tokens) of one chunk.
Status score_chunk(Model& model, std::span<const TokenId> tokens, const PerplexityOptions& options,
                   std::vector<float>& logits, LikelihoodScore& score) {
  SIXFOLD_TRY(SingleSequence sequence, SingleSequence::make(model, tokens.size(), options.kv_dtype, options.adapter));
  const std::size_t vocabulary = model.description().vocabulary;
  const std::size_t piece = piece_of(model, 0);
  const std::size_t first_scored = tokens.size() / 2;
  // The last token predicts one that the chunk does not have.
  const std::size_t end = tokens.size() - 1;
  for (std::size_t first = 0; first < end; first += piece) {
    const std::size_t count = std::min(piece, end - first);
    logits.resize(count * vocabulary);
    SIXFOLD_TRY_STATUS(sequence.feed(tokens.subspan(first, count), first, first_scored, logits));
    const float* row = logits.data();
    for (std::size_t j = std::max(first, first_scored); j < first + count; ++j, row += vocabulary) {
      score.add(negative_log_likelihood({row, vocabulary}, tokens[j + 1]));
    }
  }
  return ok();
}

}  // namespace

Result<std::vector<float>> evaluate_logits(Model& model, std::span<const TokenId> tokens,
                                           const EvaluateOptions& options) {
  SIXFOLD_TRY(SingleSequence sequence, SingleSequence::make(model, tokens.size(), options.kv_dtype, options.adapter));
  if (options.first_wanted >= tokens.size()) {
    return invalid_argument("logits from position {}, want less than {}", options.first_wanted, tokens.size());
  }
  const std::size_t vocabulary = model.description().vocabulary;
  std::vector<float> logits;
  try {
    logits.resize((tokens.size() - options.first_wanted) * vocabulary);
  } catch (const std::bad_alloc&) {
    return resource_exhausted("no memory for the logits of {} positions", tokens.size() - options.first_wanted);
  }
  const std::size_t piece = piece_of(model, options.rows_at_once);
  std::span<float> rest(logits);
  for (std::size_t first = 0; first < tokens.size(); first += piece) {
    const std::size_t count = std::min(piece, tokens.size() - first);
    SIXFOLD_TRY_STATUS(sequence.feed(tokens.subspan(first, count), first, options.first_wanted, rest));
    const std::size_t written = first + count - std::clamp(options.first_wanted, first, first + count);
    rest = rest.subspan(written * vocabulary);
  }
  return logits;
}

Result<Perplexity> measure_perplexity(Model& model, std::span<const TokenId> tokens, const PerplexityOptions& options) {
  SIXFOLD_TRY_STATUS(check_tokens(model, tokens));
  if (options.bos) SIXFOLD_TRY_STATUS(check_tokens(model, {&*options.bos, 1}));
  LikelihoodScore score;
  Perplexity so_far;
  std::vector<float> logits;
  try {
    const auto measure_chunk = [&](std::span<const TokenId> ids, std::size_t chunks) -> Result<bool> {
      SIXFOLD_TRY_STATUS(score_chunk(model, ids, options, logits, score));
      so_far = score.perplexity(so_far.chunks + 1);
      return !options.progress || options.progress(so_far, chunks);
    };
    SIXFOLD_TRY_STATUS(for_each_chunk(tokens, options, measure_chunk));
  } catch (const std::bad_alloc&) {
    return resource_exhausted("no memory to measure {} tokens", tokens.size());
  }
  return so_far;
}

}  // namespace sixfold::model
