// Runs one sequence at a time through the model, in pieces.
#include "model/evaluate.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <numeric>

#include "core/error.h"

namespace sixfold::model {
namespace {

// One sequence with a cache of its own.
class SingleSequence {
 public:
  static Result<SingleSequence> make(Model& model, std::size_t positions, kernels::KvDType dtype) {
    const std::size_t context = model.description().context_max;
    if (positions < 1 || positions > context) {
      return invalid_argument("{} tokens, want 1 to the model's context of {}", positions, context);
    }
    const KvShape shape = model.kv_shape(dtype);
    const std::size_t pages = (positions - 1) / shape.page_tokens + 1;
    SIXFOLD_TRY(KvPages kv, KvPages::allocate(shape, pages));
    return SingleSequence(model, std::move(kv), pages);
  }

  // Feeds tokens from position `first` on.  Logits are written for the positions from first_wanted on.
  Status feed(std::span<const TokenId> tokens, std::size_t first, std::size_t first_wanted, std::span<float> logits) {
    rows_.clear();
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const std::size_t position = first + i;
      rows_.push_back({.token = tokens[i],
                       .position = static_cast<std::uint32_t>(position),
                       .sequence = 0,
                       .wants_logits = position >= first_wanted});
    }
    const std::span<const PageId> pages(pages_);
    return model_->forward({.rows = rows_, .pages = {&pages, 1}}, kv_, logits);
  }

 private:
  SingleSequence(Model& model, KvPages kv, std::size_t pages) : model_(&model), kv_(std::move(kv)), pages_(pages) {
    std::iota(pages_.begin(), pages_.end(), PageId{0});
  }

  Model* model_;
  KvPages kv_;
  std::vector<PageId> pages_;
  std::vector<BatchRow> rows_;
};

// Tokens per forward call: what the model takes, less when their logits would need more than 64 MiB.
std::size_t piece_of(const Model& model, std::size_t wanted) {
  constexpr std::size_t kLogitsMax = 16u << 20;
  const std::size_t by_memory = std::max<std::size_t>(1, kLogitsMax / model.description().vocabulary);
  const std::size_t most = std::min(model.rows_max(), by_memory);
  return wanted == 0 ? most : std::min(wanted, model.rows_max());
}

// -log softmax(logits)[token], in double.
double negative_log_likelihood(std::span<const float> logits, TokenId token) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - largest);
  return std::log(sum) + largest - static_cast<double>(logits[static_cast<std::size_t>(token)]);
}

struct Score {
  double sum = 0;
  double sum_of_squares = 0;
  std::size_t count = 0;

  void add(double value) {
    sum += value;
    sum_of_squares += value * value;
    ++count;
  }

  Perplexity perplexity(std::size_t chunks) const {
    const double n = static_cast<double>(count);
    const double mean = sum / n;
    const double variance = std::max(0.0, sum_of_squares / n - mean * mean);
    const double value = std::exp(mean);
    // d exp(mean) = exp(mean) d mean
    const double error = count > 1 ? value * std::sqrt(variance / (n - 1)) : 0;
    return {.value = value, .standard_error = error, .tokens_scored = count, .chunks = chunks};
  }
};

// Scores tokens [tokens / 2 + 1, tokens) of one chunk.
Status score_chunk(Model& model, std::span<const TokenId> tokens, kernels::KvDType kv_dtype, std::vector<float>& logits,
                   Score& score) {
  SIXFOLD_TRY(SingleSequence sequence, SingleSequence::make(model, tokens.size(), kv_dtype));
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

Status check_tokens(const Model& model, std::span<const TokenId> tokens) {
  const std::size_t vocabulary = model.description().vocabulary;
  for (const TokenId token : tokens) {
    if (token < 0 || static_cast<std::size_t>(token) >= vocabulary) {
      return invalid_argument("token {}, want 0 to {}", token, vocabulary - 1);
    }
  }
  return ok();
}

Result<Perplexity> measure(Model& model, std::span<const TokenId> tokens, const PerplexityOptions& options) {
  std::size_t chunks = tokens.size() / options.context;
  if (chunks == 0) {
    return invalid_argument("a text of {} tokens, want at least one chunk of {}", tokens.size(), options.context);
  }
  if (options.chunks_max != 0) chunks = std::min(chunks, options.chunks_max);
  Score score;
  Perplexity so_far;
  std::vector<float> logits;
  for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
    const auto own = tokens.subspan(chunk * options.context, options.context);
    std::vector<TokenId> ids(own.begin(), own.end());
    if (options.bos) ids.front() = *options.bos;
    SIXFOLD_TRY_STATUS(score_chunk(model, ids, options.kv_dtype, logits, score));
    so_far = score.perplexity(chunk + 1);
    if (options.progress && !options.progress(so_far, chunks)) break;
  }
  return so_far;
}

}  // namespace

Result<std::vector<float>> evaluate_logits(Model& model, std::span<const TokenId> tokens,
                                           const EvaluateOptions& options) {
  SIXFOLD_TRY(SingleSequence sequence, SingleSequence::make(model, tokens.size(), options.kv_dtype));
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
  if (options.context < 4 || options.context % 2 != 0) {
    return invalid_argument("chunks of {} tokens, want an even number from 4", options.context);
  }
  SIXFOLD_TRY_STATUS(check_tokens(model, tokens));
  if (options.bos) SIXFOLD_TRY_STATUS(check_tokens(model, {&*options.bos, 1}));
  try {
    return measure(model, tokens, options);
  } catch (const std::bad_alloc&) {
    return resource_exhausted("no memory to measure {} tokens", tokens.size());
  }
}

}  // namespace sixfold::model
