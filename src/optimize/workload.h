// Pages, rows and logits for sequences of pseudo-random tokens: what a speed measurement runs.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "core/result.h"
#include "model/model.h"

namespace sixfold::optimize {

// One thread (the model's), which must outlive the object.
class Workload {
 public:
  // Room for `sequences` of up to `tokens` tokens, on disjoint pages.
  // Errors: resource_exhausted.
  static Result<Workload> make(model::Model& model, kernels::KvDType kv_dtype, std::size_t sequences,
                               std::size_t tokens);

  // Feeds positions [begin, end) of one sequence, at most rows_max of the model at once; only the last row of all wants
  // logits, as for a real prompt.
  Status prefill(std::size_t sequence, std::size_t begin, std::size_t end);

  // Writes pseudo-random keys and values for positions [0, end) of one sequence, as if they had been computed: reading
  // 32,000 real tokens takes minutes, and how long attention takes does not depend on what it reads.
  void fill(std::size_t sequence, std::size_t end);

  // One decode step of the first `sequences`.
  Status decode(std::size_t sequences, std::size_t position);

  kernels::KvDType kv_dtype() const { return kv_.shape().dtype; }
  std::size_t kv_bytes_per_token() const { return kv_.shape().page_bytes() / kv_.shape().page_tokens; }

 private:
  Workload(model::Model& model, model::KvPages kv, std::size_t pages, std::size_t sequences);
  model::TokenId token_at(std::size_t sequence, std::size_t position) const;
  Status forward();

  model::Model* model_;
  model::KvPages kv_;
  std::vector<model::PageId> page_ids_;
  std::vector<std::span<const model::PageId>> page_views_;  // into page_ids_, whose storage moves along with the vector
  std::vector<model::BatchRow> rows_;
  std::vector<float> logits_;
};

}  // namespace sixfold::optimize
