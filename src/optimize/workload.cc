// Sequence i holds pages [i * pages, (i + 1) * pages).
#include "optimize/workload.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace sixfold::optimize {

Result<Workload> Workload::make(model::Model& model, kernels::KvDType kv_dtype, std::size_t sequences,
                                std::size_t tokens) {
  const model::KvShape shape = model.kv_shape(kv_dtype);
  const std::size_t pages = (tokens + shape.page_tokens - 1) / shape.page_tokens;
  SIXFOLD_TRY(model::KvPages kv, model::KvPages::allocate(shape, pages * sequences));
  return Workload(model, std::move(kv), pages, sequences);
}

Workload::Workload(model::Model& model, model::KvPages kv, std::size_t pages, std::size_t sequences)
    : model_(&model),
      kv_(std::move(kv)),
      page_ids_(pages * sequences),
      logits_(model.description().vocabulary * sequences) {
  std::iota(page_ids_.begin(), page_ids_.end(), model::PageId{0});
  for (std::size_t sequence = 0; sequence < sequences; ++sequence) {
    page_views_.emplace_back(page_ids_.data() + sequence * pages, pages);
  }
}

Status Workload::prefill(std::size_t sequence, std::size_t begin, std::size_t end) {
  for (std::size_t from = begin; from < end; from += model_->rows_max()) {
    const std::size_t to = std::min(end, from + model_->rows_max());
    rows_.clear();
    for (std::size_t position = from; position < to; ++position) {
      rows_.push_back({token_at(sequence, position), static_cast<std::uint32_t>(position),
                       static_cast<std::uint32_t>(sequence), position + 1 == end});
    }
    SIXFOLD_TRY_STATUS(forward());
  }
  return ok();
}

Status Workload::decode(std::size_t sequences, std::size_t position) {
  rows_.clear();
  for (std::size_t sequence = 0; sequence < sequences; ++sequence) {
    rows_.push_back({token_at(sequence, position), static_cast<std::uint32_t>(position),
                     static_cast<std::uint32_t>(sequence), true});
  }
  return forward();
}

model::TokenId Workload::token_at(std::size_t sequence, std::size_t position) const {
  const std::size_t mixed = (sequence * 7919 + position) * 2654435761u;
  return static_cast<model::TokenId>((mixed >> 7) % model_->description().vocabulary);
}

Status Workload::forward() {
  const auto wanting = static_cast<std::size_t>(
      std::count_if(rows_.begin(), rows_.end(), [](const model::BatchRow& row) { return row.wants_logits; }));
  return model_->forward({rows_, page_views_}, kv_,
                         std::span(logits_).first(wanting * model_->description().vocabulary));
}

}  // namespace sixfold::optimize
