// One row on one page.
#include "engine/self_test.h"

#include <cmath>
#include <vector>

#include "core/error.h"
#include "model/kv_pages.h"

namespace sixfold::engine {
namespace {

Status decode_one(model::Model& model, kernels::KvDType kv_dtype, model::TokenId first) {
  SIXFOLD_TRY(model::KvPages kv, model::KvPages::allocate(model.kv_shape(kv_dtype), 1));
  const std::size_t vocabulary = model.description().vocabulary;
  const bool has_first = first >= 0 && static_cast<std::size_t>(first) < vocabulary;
  const model::BatchRow row{.token = has_first ? first : 0, .wants_logits = true};
  const model::PageId page = 0;
  const std::span<const model::PageId> pages(&page, 1);
  std::vector<float> logits(vocabulary);
  SIXFOLD_TRY_STATUS(model.forward({{&row, 1}, {&pages, 1}}, kv, logits));
  for (const float logit : logits) {
    if (std::isfinite(logit)) return ok();
  }
  return internal_error("model produced no finite logit");
}

}  // namespace

Status self_test(model::Model& model, kernels::KvDType kv_dtype, model::TokenId first) {
  Status status = decode_one(model, kv_dtype, first);
  return status.is_ok() ? ok() : with_context(std::move(status).error(), "self test");
}

}  // namespace sixfold::engine
