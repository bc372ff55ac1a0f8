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

// Calls body(0) to body(workers - 1), side by side.
template <class Body>
void run(WorkerPool& pool, std::size_t workers, const Body& body) {
  pool.for_tasks(workers, [&](std::size_t task, std::size_t) { body(task); });
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

// The tiles of a batch in a fixed order: span by span, kv head by kv head.
struct TileGrid {
  std::span<const AttentionSpan> spans;
  std::size_t kv_heads = 0;
  std::size_t tile_rows = 0;

  std::size_t row_tiles(const AttentionSpan& span) const { return divide_up(span.rows, tile_rows); }
  std::size_t count() const {
    std::size_t tiles = 0;
    for (const AttentionSpan& span : spans) tiles += row_tiles(span) * kv_heads;
    return tiles;
  }
};

TileGrid grid_of(std::span<const AttentionSpan> spans, std::size_t kv_heads, std::size_t group, std::size_t workers) {
  TileGrid grid{spans, kv_heads, std::max<std::size_t>(kTileQueries / group, 1)};
  while (grid.tile_rows > 1 && grid.tile_rows * group >= 2 * kTileQueriesMin &&
         grid.count() < kTilesPerWorker * workers) {
    grid.tile_rows /= 2;
  }
  return grid;
}

struct TilePlace {
  const AttentionSpan* span = nullptr;  // nullptr: there is no such tile
  std::size_t head = 0;
  std::size_t row = 0;
};

// Finds tiles whose numbers rise from call to call, without a table of them.
class TileFinder {
 public:
  explicit TileFinder(const TileGrid& grid) : grid_(grid) {}

  TilePlace find(std::size_t number) {
    for (; span_ < grid_.spans.size(); ++span_) {
      const AttentionSpan& span = grid_.spans[span_];
      const std::size_t row_tiles = grid_.row_tiles(span);
      const std::size_t here = number - passed_;
      if (here < row_tiles * grid_.kv_heads) {
        // The last rows see the most keys; they go first, so that the work ends evenly.
        return {&span, here / row_tiles, (row_tiles - 1 - here % row_tiles) * grid_.tile_rows};
      }
      passed_ += row_tiles * grid_.kv_heads;
    }
    return {};
  }

 private:
  const TileGrid& grid_;
  std::size_t span_ = 0;
  std::size_t passed_ = 0;  // tiles of the spans before span_
};

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
    // Workers take heads in turn, counted on through all sequences, so that a batch of short ones spreads out too.
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
  const TileGrid grid = grid_of(spans, kv.kv_heads, group, pool.size());
  std::size_t products = 0;
  for (const AttentionSpan& span : spans) {
    products += span.rows * (span.first_position + span.rows) * parameters.heads * kv.head_dim;
  }

  // Tiles differ in cost, so whoever is free takes the next one.  Who computes a tile does not change its bits.
  std::atomic<std::size_t> next_tile{0};
  const auto work = [&](std::size_t) {
    TileScratch scratch(grid.tile_rows * group, kv.head_dim);
    TileFinder finder(grid);
    for (;;) {
      const TilePlace place = finder.find(next_tile.fetch_add(1, std::memory_order_relaxed));
      if (place.span == nullptr) return;
      const std::size_t batch_row = place.span->first_row + place.row;
      const std::size_t first_element = place.head * group * kv.head_dim;
      AttentionTile tile;
      tile.q = q + batch_row * q_stride + first_element;
      tile.q_stride = q_stride;
      tile.out = out + batch_row * out_stride + first_element;
      tile.out_stride = out_stride;
      tile.rows = std::min(grid.tile_rows, place.span->rows - place.row);
      tile.group = group;
      tile.head_dim = kv.head_dim;
      tile.first_position = place.span->first_position + place.row;
      tile.window = parameters.window;
      tile.scale = parameters.scale;
      tile.pages = place.span->pages.data();
      tile.k = kv.k(0, place.head);
      tile.v = kv.v(0, place.head);
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
