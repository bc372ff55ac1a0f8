// Runs a model for tests: loading, one growing sequence, greedy continuation.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "formats/checkpoint.h"
#include "kernels/vector_ops.h"
#include "kernels/worker_pool.h"
#include "model/model.h"

namespace sixfold::test {

using kernels::KvDType;
using model::Batch;
using model::BatchRow;
using model::KvPages;
using model::Model;
using model::PageId;
using tokenizer::TokenId;

// Two threads, so that the parallel paths run in every test.
inline kernels::WorkerPool& shared_pool() {
  static kernels::WorkerPool pool(2);
  return pool;
}

// context: tokens of a sequence at most; 0 = what the model was made for.
inline std::unique_ptr<Model> load_file(const std::string& path, std::size_t rows_max = 128, std::size_t context = 0) {
  auto checkpoint = formats::open_checkpoint(path);
  if (!checkpoint.is_ok()) {
    ADD_FAILURE() << checkpoint.error().message;
    return nullptr;
  }
  auto loaded = model::load(std::move(checkpoint).value(), shared_pool(), {.rows_max = rows_max, .context = context});
  if (!loaded.is_ok()) {
    ADD_FAILURE() << loaded.error().message;
    return nullptr;
  }
  return std::move(loaded).value();
}

// One sequence with a cache of its own, whose pages lie in reverse order.
class Sequence {
 public:
  Sequence(Model& model, KvDType dtype, std::size_t positions, model::AdapterUse adapter = {})
      : model_(model),
        adapter_(adapter),
        kv_(KvPages::allocate(model.kv_shape(dtype), page_count(model, positions)).value()) {
    pages_.resize(kv_.pages());
    std::iota(pages_.rbegin(), pages_.rend(), PageId{0});
  }

  // Returns [tokens, vocabulary] logits.
  std::vector<float> feed(std::span<const TokenId> tokens) {
    std::vector<BatchRow> rows;
    for (const TokenId token : tokens) {
      rows.push_back({.token = token, .position = position_++, .sequence = 0, .wants_logits = true});
    }
    const std::span<const PageId> pages(pages_);
    std::vector<float> logits(tokens.size() * model_.description().vocabulary);
    const Status status = model_.forward({.rows = rows, .pages = {&pages, 1}, .adapters = {&adapter_, 1}}, kv_, logits);
    if (!status.is_ok()) ADD_FAILURE() << status.error().message;
    return logits;
  }

  // As feed, `piece` tokens at a time.
  std::vector<float> feed_in_pieces(std::span<const TokenId> tokens, std::size_t piece) {
    std::vector<float> logits;
    for (std::size_t first = 0; first < tokens.size(); first += piece) {
      const std::vector<float> part = feed(tokens.subspan(first, std::min(piece, tokens.size() - first)));
      logits.insert(logits.end(), part.begin(), part.end());
    }
    return logits;
  }

  // Continues after logits of the last token fed.
  std::vector<TokenId> continue_greedily(std::vector<float> logits, std::size_t count) {
    const std::size_t vocabulary = model_.description().vocabulary;
    std::vector<TokenId> ids;
    for (;;) {
      const float* last = logits.data() + logits.size() - vocabulary;
      ids.push_back(static_cast<TokenId>(kernels::argmax(last, vocabulary)));
      if (ids.size() == count) return ids;
      logits = feed({&ids.back(), 1});
    }
  }

 private:
  static std::size_t page_count(const Model& model, std::size_t positions) {
    const std::size_t page_tokens = model.kv_shape(KvDType::kF32).page_tokens;
    return (positions + page_tokens - 1) / page_tokens;
  }

  Model& model_;
  model::AdapterUse adapter_;
  KvPages kv_;
  std::vector<PageId> pages_;
  std::uint32_t position_ = 0;
};

}  // namespace sixfold::test
