// A batch, checked and cut into the pieces that the kernels want.
#pragma once
#include <cstddef>
#include <vector>

#include "core/result.h"
#include "kernels/attention.h"
#include "model/model.h"

namespace sixfold::model {

struct BatchLimits {
  std::size_t rows_max = 0;
  std::size_t vocabulary = 0;
  std::size_t context = 0;
  std::size_t width = 0;
};

// Kept between batches so that its buffers are; owned by the engine thread.
class BatchPlan {
 public:
  // Borrows the batch's page lists until the next call.  Errors: invalid_argument, naming row, got and wanted.
  Status assign(const Batch& batch, const KvPages& kv, const BatchLimits& limits, std::size_t out_size);

  std::span<const kernels::AttentionSpan> spans() const { return spans_; }
  std::span<const std::size_t> wanted_rows() const { return wanted_rows_; }  // rows with wants_logits, rising
  std::size_t positions_end() const { return positions_end_; }               // one past the latest position

 private:
  Status check_rows(const Batch& batch, const BatchLimits& limits) const;
  Status cut(const Batch& batch);
  Status check_pages(const KvPages& kv) const;

  std::vector<kernels::AttentionSpan> spans_;
  std::vector<std::size_t> wanted_rows_;
  std::vector<bool> has_sequence_;  // [sequences] seen while cutting
  std::size_t positions_end_ = 0;
};

}  // namespace sixfold::model
