// Cuts attention into tiles of one kv head and some rows, and hands them to the workers one by one.
#include "kernels/attention.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <vector>

#include "core/check.h"
#include "kernels/dispatch.h"

namespace sixfold::kernels {
namespace {

// Queries (rows times heads of a group) of a tile: keys and values are read once for so many.  More would not fit the
// second-level cache together with them.
constexpr std::size_t kTileQueries = 64;
// A tile of fewer queries is not worth making for the sake of balance.
constexpr std::size_t kTileQueriesMin = 16;
constexpr std::size_t kTilesPerWorker = 4;

// Work below these sizes is done before another thread has woken up.
constexpr std::size_t kSerialProducts = 1 << 15;
constexpr std::size_t kSerialElements = 1 << 13;

std::size_t divide_up(std::size_t a, std::size_t b) {
  return a / b + (a % b != 0 ? 1 : 0);
}

void run(WorkerPool& pool, std::size_t workers, WorkerBody body) {
  if (workers > 1) {
    pool.run(body);
  } else {
    body(0);
  }
}

// Memory of one worker for the tiles that it computes.
class TileScratch {
 public:
  TileScratch(std::size_t queries, std::size_t head_dim) : queries_(queries), head_dim_(head_dim) {}

  // Allocates when first used: workers that find no tile left need none.
  void lend_to(AttentionTile& tile) {
    const std::size_t head_stride = divide_up(head_dim_, kLanesMax) * kLanesMax;
    const std::size_t sizes[] = {
        queries_ * head_stride, queries_ * head_stride, queries_ * kKeyBlock, queries_ * kLanesMax, queries_, queries_,
        head_dim_ * kKeyBlock,  kKeyBlock * head_stride};
    float** const places[] = {&tile.queries, &tile.outputs,     &tile.scores, &tile.sums,
                              &tile.maxima,  &tile.corrections, &tile.keys,   &tile.values};
    if (memory_ == nullptr) {
      std::size_t total = 0;
      for (const std::size_t size : sizes) total += divide_up(size, kLanesMax) * kLanesMax;
      memory_.reset(static_cast<float*>(std::aligned_alloc(64, total * sizeof(float))));
      SIXFOLD_CHECK(memory_ != nullptr);
    }
    float* next = memory_.get();
    for (std::size_t i = 0; i < std::size(sizes); ++i) {
      *places[i] = next;
      next += divide_up(sizes[i], kLanesMax) * kLanesMax;
    }
    tile.head_stride = head_stride;
  }

 private:
  struct Free {
    void operator()(float* memory) const { std::free(memory); }
  };
  std::size_t queries_;
  std::size_t head_dim_;
  std::unique_ptr<float[], Free> memory_;
};

std::size_t tiles_of(std::span<const AttentionSpan> spans, std::size_t tile_rows, std::size_t kv_heads) {
  std::size_t tiles = 0;
  for (const AttentionSpan& span : spans) tiles += divide_up(span.rows, tile_rows) * kv_heads;
  return tiles;
}

void check_pages(std::span<const AttentionSpan> spans, const KvLayerView& kv) {
  SIXFOLD_CHECK(kv.page_tokens > 0 && kv.head_dim > 0 && kv.kv_heads > 0);
  for (const AttentionSpan& span : spans) {
    SIXFOLD_CHECK(divide_up(span.first_position + span.rows, kv.page_tokens) <= span.pages.size());
  }
}

// One row's keys of one head, written across its page, and its values.
template <class T>
void store_row(const KvLayerView& kv, std::size_t page, std::size_t head, std::size_t slot, const T* k, const T* v) {
  T* const keys = reinterpret_cast<T*>(kv.k(page, head)) + slot;
  T* const values = reinterpret_cast<T*>(kv.v(page, head)) + slot * kv.head_dim;
  for (std::size_t d = 0; d < kv.head_dim; ++d) keys[d * kv.page_tokens] = k[d];
  std::copy_n(v, kv.head_dim, values);
}

}  // namespace

void store_kv(WorkerPool& pool, std::span<const AttentionSpan> spans, const KvLayerView& kv, const float* k,
              const float* v, std::size_t stride) {
  check_pages(spans, kv);
  const KernelTable& table = *active_isa_row().kernels;
  std::size_t rows = 0;
  for (const AttentionSpan& span : spans) rows += span.rows;
  const std::size_t workers = rows * kv.kv_heads * kv.head_dim < kSerialElements ? 1 : pool.size();
  const auto work = [&](std::size_t worker) {
    // Workers take heads in turn, counted through all sequences, so that one of many short ones still spreads out.
    std::vector<std::uint16_t> halves(2 * kv.head_dim);
    std::size_t turn = 0;
    for (const AttentionSpan& span : spans) {
      for (std::size_t head = 0; head < kv.kv_heads; ++head, ++turn) {
        if (turn % workers != worker) continue;
        for (std::size_t row = 0; row < span.rows; ++row) {
          const std::size_t position = span.first_position + row;
          const std::size_t page = span.pages[position / kv.page_tokens];
          const std::size_t slot = position % kv.page_tokens;
          const std::size_t source = (span.first_row + row) * stride + head * kv.head_dim;
          if (kv.dtype == KvDType::kF32) {
            store_row(kv, page, head, slot, k + source, v + source);
          } else {
            table.f32_to_f16(k + source, kv.head_dim, halves.data());
            table.f32_to_f16(v + source, kv.head_dim, halves.data() + kv.head_dim);
            store_row(kv, page, head, slot, halves.data(), halves.data() + kv.head_dim);
          }
        }
      }
    }
  };
  run(pool, workers, work);
}

void attention(WorkerPool& pool, std::span<const AttentionSpan> spans, const KvLayerView& kv,
               const AttentionParameters& parameters, const float* q, std::size_t q_stride, float* out,
               std::size_t out_stride) {
  check_pages(spans, kv);
  SIXFOLD_CHECK(parameters.heads % kv.kv_heads == 0);
  const KernelTable& table = *active_isa_row().kernels;
  const std::size_t group = parameters.heads / kv.kv_heads;

  std::size_t tile_rows = std::max<std::size_t>(kTileQueries / group, 1);
  while (tile_rows * group >= 2 * kTileQueriesMin && tile_rows > 1 &&
         tiles_of(spans, tile_rows, kv.kv_heads) < kTilesPerWorker * pool.size()) {
    tile_rows /= 2;
  }
  std::size_t products = 0;
  for (const AttentionSpan& span : spans) {
    products += span.rows * (span.first_position + span.rows) * parameters.heads * kv.head_dim;
  }

  // Tiles differ in cost, so whoever is free takes the next one.  Who computes a tile does not change its bits.
  std::atomic<std::size_t> next_tile{0};
  const auto work = [&](std::size_t) {
    TileScratch scratch(tile_rows * group, kv.head_dim);
    std::size_t passed = 0;  // tiles of the spans before this worker's current one
    const AttentionSpan* span = spans.data();
    for (;;) {
      const std::size_t index = next_tile.fetch_add(1, std::memory_order_relaxed);
      const auto tiles_here = [&] { return divide_up(span->rows, tile_rows) * kv.kv_heads; };
      while (span != spans.data() + spans.size() && index - passed >= tiles_here()) {
        passed += tiles_here();
        ++span;
      }
      if (span == spans.data() + spans.size()) return;
      const std::size_t row_tiles = divide_up(span->rows, tile_rows);
      const std::size_t head = (index - passed) / row_tiles;
      // The last rows see the most keys; they go first, so that the work ends evenly.
      const std::size_t row = (row_tiles - 1 - (index - passed) % row_tiles) * tile_rows;
      AttentionTile tile;
      tile.q = q + (span->first_row + row) * q_stride + head * group * kv.head_dim;
      tile.q_stride = q_stride;
      tile.out = out + (span->first_row + row) * out_stride + head * group * kv.head_dim;
      tile.out_stride = out_stride;
      tile.rows = std::min(tile_rows, span->rows - row);
      tile.group = group;
      tile.head_dim = kv.head_dim;
      tile.first_position = span->first_position + row;
      tile.window = parameters.window;
      tile.scale = parameters.scale;
      tile.pages = span->pages.data();
      tile.k = kv.k(0, head);
      tile.v = kv.v(0, head);
      tile.page_stride = kv.page_stride;
      tile.page_tokens = kv.page_tokens;
      tile.is_f16 = kv.dtype == KvDType::kF16;
      scratch.lend_to(tile);
      table.attend(tile);
    }
  };
  run(pool, products < kSerialProducts ? 1 : pool.size(), work);
}

}  // namespace sixfold::kernels
