// Checks a batch before anything is computed, so that a failed forward call has changed nothing.
#include "model/batch_plan.h"

#include <algorithm>

#include "core/error.h"

namespace sixfold::model {

Status BatchPlan::assign(const Batch& batch, const KvPages& kv, const BatchLimits& limits, std::size_t out_size) {
  SIXFOLD_TRY_STATUS(check_rows(batch, limits));
  SIXFOLD_TRY_STATUS(cut(batch));
  SIXFOLD_TRY_STATUS(check_pages(kv));
  const std::size_t row_size = batch.output == RowOutput::kLogits ? limits.vocabulary : limits.width;
  if (out_size / row_size < wanted_rows_.size()) {
    return invalid_argument("logits: room for {} numbers, want {} rows of {}", out_size, wanted_rows_.size(), row_size);
  }
  return ok();
}

Status BatchPlan::check_rows(const Batch& batch, const BatchLimits& limits) const {
  if (batch.rows.size() > limits.rows_max) {
    return invalid_argument("batch of {} rows, want at most {}", batch.rows.size(), limits.rows_max);
  }
  for (std::size_t r = 0; r < batch.rows.size(); ++r) {
    const BatchRow& row = batch.rows[r];
    if (row.token < 0 || static_cast<std::size_t>(row.token) >= limits.vocabulary) {
      return invalid_argument("batch row {}: token {}, want 0 to {}", r, row.token, limits.vocabulary - 1);
    }
    if (row.position >= limits.context) {
      return invalid_argument("batch row {}: position {}, want less than the context of {}", r, row.position,
                              limits.context);
    }
    if (row.sequence >= batch.pages.size()) {
      return invalid_argument("batch row {}: sequence {} of {}", r, row.sequence, batch.pages.size());
    }
  }
  return ok();
}

// One span per sequence.  Two spans of one sequence could write the same slot of a page twice.
Status BatchPlan::cut(const Batch& batch) {
  spans_.clear();
  wanted_rows_.clear();
  has_sequence_.assign(batch.pages.size(), false);
  positions_end_ = 0;
  for (std::size_t r = 0; r < batch.rows.size(); ++r) {
    const BatchRow& row = batch.rows[r];
    const bool continues = r > 0 && batch.rows[r - 1].sequence == row.sequence;
    if (!continues) {
      if (has_sequence_[row.sequence]) {
        return invalid_argument("batch row {}: sequence {} again, want its rows together", r, row.sequence);
      }
      has_sequence_[row.sequence] = true;
      spans_.push_back({.first_row = r, .rows = 0, .first_position = row.position, .pages = batch.pages[row.sequence]});
    } else if (row.position != batch.rows[r - 1].position + 1) {
      return invalid_argument("batch row {}: position {}, want {}", r, row.position, batch.rows[r - 1].position + 1);
    }
    ++spans_.back().rows;
    if (row.wants_logits) wanted_rows_.push_back(r);
    positions_end_ = std::max<std::size_t>(positions_end_, row.position + std::size_t{1});
  }
  return ok();
}

Status BatchPlan::check_pages(const KvPages& kv) const {
  for (const kernels::AttentionSpan& span : spans_) {
    const std::size_t pages = (span.first_position + span.rows - 1) / kv.shape().page_tokens + 1;
    if (span.pages.size() < pages) {
      return invalid_argument("batch row {}: {} pages, want {} for position {}", span.first_row, span.pages.size(),
                              pages, span.first_position + span.rows - 1);
    }
    for (const PageId page : span.pages.first(pages)) {
      if (page >= kv.pages()) {
        return invalid_argument("batch row {}: page {}, want less than {}", span.first_row, page, kv.pages());
      }
    }
  }
  return ok();
}

}  // namespace sixfold::model
