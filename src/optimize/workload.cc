// Sequence i holds pages [i * pages, (i + 1) * pages).
#include "optimize/workload.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>

#include "kernels/attention.h"
#include "kernels/worker_pool.h"

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

void Workload::fill(std::size_t sequence, std::size_t end) {
  constexpr std::size_t kRows = 256;
  const std::size_t width = kv_.shape().kv_heads * kv_.shape().head_dim;
  std::vector<float> values(kRows * width);
  std::uint32_t bits = 1;
  for (float& value : values) {
    bits = bits * 1664525U + 1013904223U;
    value = static_cast<float>(bits >> 8) * 0x1p-23f - 1;  // in [-1, 1)
  }
  kernels::WorkerPool pool(1);
  for (std::size_t from = 0; from < end; from += kRows) {
    const kernels::AttentionSpan span{0, std::min(kRows, end - from), from, page_views_[sequence]};
    for (std::size_t layer = 0; layer < kv_.shape().layers; ++layer) {
      kernels::store_kv(pool, {&span, 1}, kv_.layer(layer), values.data(), values.data(), width);
    }
  }
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
