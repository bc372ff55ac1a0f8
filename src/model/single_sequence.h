// One sequence with a cache of its own, for measuring a model on given tokens.
#pragma once
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "core/result.h"
#include "model/model.h"

namespace sixfold::model {

// Borrows the model and the adapter, which must outlive it.  One thread.
class SingleSequence {
 public:
  // Errors: invalid_argument (no positions, or more than the model's context), resource_exhausted.
  static Result<SingleSequence> make(Model& model, std::size_t positions, kernels::KvDType dtype,
                                     AdapterUse adapter = {});

  // Feeds tokens from position `first` on.  Logits are written for the positions from first_wanted on:
  // [positions, vocabulary] f32.
  Status feed(std::span<const TokenId> tokens, std::size_t first, std::size_t first_wanted, std::span<float> logits);

 private:
  SingleSequence(Model& model, AdapterUse adapter, KvPages kv, std::size_t pages);

  Model* model_;
  AdapterUse adapter_;
  KvPages kv_;
  std::vector<PageId> pages_;
  std::vector<BatchRow> rows_;
};

// Tokens per forward call: what the model takes, less when their logits would need more than 64 MiB.
// wanted: 0 = as many as that allows.
std::size_t piece_of(const Model& model, std::size_t wanted);

// Errors: invalid_argument, naming the first id out of range.
Status check_tokens(const Model& model, std::span<const TokenId> tokens);

}  // namespace sixfold::model
