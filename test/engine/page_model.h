// A model whose next token depends on every byte it stored in the pages of its own history: a wrong, stale, shared or
// half-copied page shows as wrong text.
#pragma once
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "core/error.h"
#include "engine/random.h"
#include "model/model.h"

namespace sixfold::engine::test {

using tokenizer::TokenId;

inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  return splitmix64(a, b);
}

// What a position adds, and the state after all positions up to it: the definition that the pages must reproduce.
inline std::uint64_t stored_value(TokenId token, std::size_t position) {
  return mix(static_cast<std::uint64_t>(token) + 1, position);
}

struct PageModelOptions {
  std::size_t vocabulary = 64;
  std::size_t context = 4096;
  std::size_t rows_max = 64;
  std::size_t page_tokens = 4;
  TokenId poison = -1;  // after this token every logit is NaN
  // Not 0: in seven of eight places what comes next depends on the position modulo `period` only, so that the text
  // repeats itself, and now and then does not.
  std::size_t period = 0;
};

// Logits that look random but are a function of the state.
inline std::vector<float> logits_of_state(std::uint64_t state, std::size_t vocabulary) {
  std::vector<float> logits(vocabulary);
  for (std::size_t token = 0; token < vocabulary; ++token) {
    logits[token] = static_cast<float>(uniform(state, token) * 8.0 - 4.0);
  }
  return logits;
}

inline std::uint64_t state_of(std::span<const TokenId> history) {
  std::uint64_t state = 0;
  for (std::size_t position = 0; position < history.size(); ++position) {
    state = mix(state, stored_value(history[position], position));
  }
  return state;
}

// state: after `tokens` tokens.
inline std::vector<float> logits_after(std::uint64_t state, std::size_t tokens, const PageModelOptions& options) {
  const bool repeats = options.period != 0 && state % 8 != 0;
  return logits_of_state(repeats ? mix(1, tokens % options.period) : state, options.vocabulary);
}

class PageModel final : public model::Model {
 public:
  explicit PageModel(const PageModelOptions& options) : options_(options) {
    description_.name = "pages";
    description_.vocabulary = options.vocabulary;
    description_.context_max = options.context;
  }

  const model::ModelDescription& description() const override { return description_; }
  model::KvShape kv_shape(kernels::KvDType) const override {
    return {.layers = 2,
            .kv_heads = 1,
            .head_dim = 2,
            .page_tokens = options_.page_tokens,
            .dtype = kernels::KvDType::kF32};
  }
  std::size_t rows_max() const override { return options_.rows_max; }

  Status forward(const model::Batch& batch, model::KvPages& kv, std::span<float> logits) override {
    if (before_forward) before_forward(batch);
    SIXFOLD_TRY_STATUS(check(batch, kv));
    if (fails) return internal_error("forward failed");
    for (const model::BatchRow& row : batch.rows) {
      const std::span<const model::PageId> pages = batch.pages[row.sequence];
      // Layer 0 keeps the row's value in K; layer 1 the running state in V, made from what the page before says.
      const std::uint64_t value = stored_value(row.token, row.position);
      const std::uint64_t before = row.position == 0 ? 0 : read(kv, 1, true, pages, row.position - 1);
      write(kv, 0, pages, row.position, value);
      write(kv, 1, pages, row.position, mix(before, value));
      if (!row.wants_logits) continue;
      std::uint64_t state = 0;
      for (std::uint32_t position = 0; position <= row.position; ++position) {
        state = mix(state, read(kv, 0, false, pages, position));
      }
      if (state != read(kv, 1, true, pages, row.position)) return internal_error("layers disagree");
      std::vector<float> own = logits_after(state, row.position + std::size_t{1}, options_);
      if (row.token == options_.poison) own.assign(own.size(), std::numeric_limits<float>::quiet_NaN());
      std::copy(own.begin(), own.end(), logits.begin());
      logits = logits.subspan(options_.vocabulary);
    }
    ++forwards;
    rows_computed += batch.rows.size();
    return logits.empty() ? ok() : Status(internal_error("logits of the wrong size"));
  }

  std::function<void(const model::Batch&)> before_forward;  // runs on the engine thread
  bool fails = false;
  std::size_t forwards = 0;
  std::size_t rows_computed = 0;

 private:
  // The contract of model.h, and that no two rows of a step write to the same place.
  Status check(const model::Batch& batch, const model::KvPages& kv) const {
    if (batch.rows.empty() || batch.rows.size() > options_.rows_max) return invalid_argument("number of rows");
    std::set<std::pair<model::PageId, std::size_t>> written;
    for (std::size_t index = 0; index < batch.rows.size(); ++index) {
      const model::BatchRow& row = batch.rows[index];
      if (row.position >= options_.context) return invalid_argument("position {}", row.position);
      if (static_cast<std::size_t>(row.token) >= options_.vocabulary) return invalid_argument("token {}", row.token);
      if (row.sequence >= batch.pages.size()) return invalid_argument("sequence {}", row.sequence);
      const std::size_t page = row.position / options_.page_tokens;
      if (page >= batch.pages[row.sequence].size()) return invalid_argument("missing page");
      const model::PageId id = batch.pages[row.sequence][page];
      if (id >= kv.pages()) return invalid_argument("page {}", id);
      if (!written.emplace(id, row.position % options_.page_tokens).second) return invalid_argument("written twice");
      if (index == 0) continue;
      const model::BatchRow& before = batch.rows[index - 1];
      const bool is_next = row.sequence == before.sequence && row.position == before.position + 1;
      if (!is_next && row.sequence != before.sequence + 1) return invalid_argument("rows out of order");
    }
    return ok();
  }

  std::byte* place(const model::KvPages& kv, std::size_t layer, bool is_v, std::span<const model::PageId> pages,
                   std::uint32_t position) const {
    const kernels::KvLayerView view = kv.layer(layer);
    const model::PageId page = pages[position / options_.page_tokens];
    return (is_v ? view.v(page, 0) : view.k(page, 0)) + position % options_.page_tokens * sizeof(std::uint64_t);
  }
  std::uint64_t read(const model::KvPages& kv, std::size_t layer, bool is_v, std::span<const model::PageId> pages,
                     std::uint32_t position) const {
    std::uint64_t value = 0;
    std::memcpy(&value, place(kv, layer, is_v, pages, position), sizeof(value));
    return value;
  }
  void write(const model::KvPages& kv, std::size_t layer, std::span<const model::PageId> pages, std::uint32_t position,
             std::uint64_t value) const {
    std::memcpy(place(kv, layer, layer == 1, pages, position), &value, sizeof(value));
  }

  const PageModelOptions options_;
  model::ModelDescription description_;
};

}  // namespace sixfold::engine::test
