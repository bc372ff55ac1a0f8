// Measures a model on given tokens: raw logits and perplexity.  For checks and reports, not for serving.
#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "core/result.h"
#include "kernels/attention.h"
#include "model/model.h"

namespace sixfold::model {

struct EvaluateOptions {
  kernels::KvDType kv_dtype = kernels::KvDType::kF32;  // f32: the cache adds no rounding
  std::size_t rows_at_once = 0;                        // tokens per forward call; 0 = as many as the model takes
  std::size_t first_wanted = 0;                        // logits of the positions from here on
  AdapterUse adapter = {};
};

// Feeds the tokens to an empty cache, positions from 0.
// Returns [tokens - first_wanted, vocabulary] f32.  Cost: memory for all of it.
// Errors: invalid_argument (no tokens, more than the context, an id out of range), resource_exhausted.
Result<std::vector<float>> evaluate_logits(Model& model, std::span<const TokenId> tokens,
                                           const EvaluateOptions& options);

struct Perplexity {
  double value = 0;           // exp(mean negative log-likelihood)
  double standard_error = 0;  // of value
  std::size_t tokens_scored = 0;
  std::size_t chunks = 0;
};

struct PerplexityOptions {
  std::size_t context = 512;                  // tokens in a chunk, even
  std::size_t chunks_max = 0;                 // 0 = all that the text gives
  std::optional<TokenId> bos = std::nullopt;  // replaces the first token of every chunk
  kernels::KvDType kv_dtype = kernels::KvDType::kF32;
  AdapterUse adapter = {};  // of the model; a reference has none
  // Called after every chunk with the result so far; returns false to stop there.
  std::function<bool(const Perplexity& so_far, std::size_t chunks_in_all)> progress = nullptr;
};

// Cuts the tokens into chunks of `context`, runs each on an empty cache, and scores the second half of each chunk:
// token j + 1 by the logits at j, for j in context/2 ... context-2.  (The procedure of llama.cpp's perplexity tool.)
// Errors: as evaluate_logits; invalid_argument when the text is shorter than one chunk.
Result<Perplexity> measure_perplexity(Model& model, std::span<const TokenId> tokens, const PerplexityOptions& options);

}  // namespace sixfold::model
