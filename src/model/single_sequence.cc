// Runs one sequence through a model, in pieces.
#include "model/single_sequence.h"

#include <algorithm>
#include <numeric>

#include "core/error.h"

namespace sixfold::model {

Result<SingleSequence> SingleSequence::make(Model& model, std::size_t positions, kernels::KvDType dtype,
                                            AdapterUse adapter) {
  const std::size_t context = model.description().context_max;
  if (positions < 1 || positions > context) {
    return invalid_argument("{} tokens, want 1 to the model's context of {}", positions, context);
  }
  const KvShape shape = model.kv_shape(dtype);
  const std::size_t pages = (positions - 1) / shape.page_tokens + 1;
  SIXFOLD_TRY(KvPages kv, KvPages::allocate(shape, pages));
  return SingleSequence(model, adapter, std::move(kv), pages);
}

SingleSequence::SingleSequence(Model& model, AdapterUse adapter, KvPages kv, std::size_t pages)
    : model_(&model), adapter_(adapter), kv_(std::move(kv)), pages_(pages) {
  std::iota(pages_.begin(), pages_.end(), PageId{0});
}

Status SingleSequence::feed(std::span<const TokenId> tokens, std::size_t first, std::size_t first_wanted,
                            std::span<float> logits) {
  rows_.clear();
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::size_t position = first + i;
    rows_.push_back({.token = tokens[i],
                     .position = static_cast<std::uint32_t>(position),
                     .sequence = 0,
                     .wants_logits = position >= first_wanted});
  }
  const std::span<const PageId> pages(pages_);
  return model_->forward({.rows = rows_, .pages = {&pages, 1}, .adapters = {&adapter_, 1}}, kv_, logits);
}

std::size_t piece_of(const Model& model, std::size_t wanted) {
  constexpr std::size_t kLogitsMax = 16u << 20;
  const std::size_t by_memory = std::max<std::size_t>(1, kLogitsMax / model.description().vocabulary);
  const std::size_t most = std::min(model.rows_max(), by_memory);
  return wanted == 0 ? most : std::min(wanted, model.rows_max());
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

}  // namespace sixfold::model
