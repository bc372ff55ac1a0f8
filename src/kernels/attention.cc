// Cuts attention into tiles of one kv head and some rows, and the largest of them into segments of their keys, and
// hands the pieces to the workers one by one.
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
constexpr std::size_t kTileQueries = 128;
// A tile of fewer queries is not worth making for the sake of balance.
constexpr std::size_t kTileQueriesMin = 16;
constexpr std::size_t kPiecesPerWorker = 4;
// Results of segments that may wait to be added up; tiles beyond it stay whole.
constexpr std::size_t kCutFloatsMax = std::size_t{4} << 20;

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

// The segments of one tile, computed by several workers; the last of them adds them up.
struct Cut {
  float* records = nullptr;  // [segments, queries, record_stride]
  std::atomic<std::size_t> segments_left{0};
};

// A tile, or one segment of it.
struct Piece {
  const AttentionSpan* span = nullptr;
  std::size_t head = 0;
  std::size_t row = 0;  // of the span
  std::size_t rows = 0;
  std::size_t first_segment = 0;  // that the tile's rows see
  std::size_t segments = 0;
  std::size_t segment = 0;  // of this piece, counted from first_segment
  Cut* cut = nullptr;       // nullptr: all segments are this piece's
};

struct FreeMemory {
  void operator()(float* memory) const { std::free(memory); }
};
using Floats = std::unique_ptr<float[], FreeMemory>;

Floats allocate_floats(std::size_t count) {
  Floats memory(static_cast<float*>(std::aligned_alloc(64, divide_up(count, kLanesMax) * kLanesMax * sizeof(float))));
  SIXFOLD_CHECK(memory != nullptr);
  return memory;
}

struct HeadStrides {
  explicit HeadStrides(std::size_t head_dim)
      : head(divide_up(head_dim, 2 * kLanesMax) * 2 * kLanesMax), record(head + AttentionRecord::kTail) {}
  std::size_t head;
  std::size_t record;
};

// Memory of one worker for the tiles that it computes.
class TileScratch {
 public:
  TileScratch(std::size_t queries, std::size_t head_dim) : queries_(queries), head_dim_(head_dim) {}

  // Allocates when first used: workers that find no piece left need none.
  void lend_to(AttentionTile& tile) {
    const HeadStrides strides(head_dim_);
    const std::size_t sizes[] = {queries_ * strides.head,  queries_ * kLanesMax,      head_dim_ * kKeyBlock,
                                 kKeyBlock * strides.head, queries_ * strides.record, queries_ * strides.record};
    float** const places[] = {&tile.queries, &tile.sums, &tile.keys, &tile.values, &segment, &total};
    if (memory_ == nullptr) {
      std::size_t floats = 0;
      for (const std::size_t size : sizes) floats += divide_up(size, kLanesMax) * kLanesMax;
      memory_ = allocate_floats(floats);
    }
    float* next = memory_.get();
    for (std::size_t i = 0; i < std::size(sizes); ++i) {
      *places[i] = next;
      next += divide_up(sizes[i], kLanesMax) * kLanesMax;
    }
    tile.head_stride = strides.head;
    tile.record_stride = strides.record;
  }

  float* segment = nullptr;  // records of one segment
  float* total = nullptr;    // and of all so far

 private:
  std::size_t queries_;
  std::size_t head_dim_;
  Floats memory_;
};

// Everything that the workers of one call share.
class Plan {
 public:
  Plan(std::span<const AttentionSpan> spans, const KvLayerView& kv, const AttentionParameters& parameters,
       std::size_t workers)
      : kv_(kv), window_(parameters.window), is_causal_(parameters.is_causal), group_(parameters.heads / kv.kv_heads) {
    tile_rows_ = std::max<std::size_t>(kTileQueries / group_, 1);
    while (tile_rows_ > 1 && tile_rows_ * group_ >= 2 * kTileQueriesMin &&
           tiles_of(spans) < kPiecesPerWorker * workers) {
      tile_rows_ /= 2;
    }
    for (const AttentionSpan& span : spans) add_tiles(span);
    if (workers > 1) cut_large_tiles(workers);
  }

  std::size_t tile_rows() const { return tile_rows_; }
  std::size_t group() const { return group_; }
  const std::vector<Piece>& pieces() const { return pieces_; }
  // Products of a query element and a key element, or of a weight and a value.
  std::size_t products() const { return keys_ * group_ * kv_.head_dim * kv_.kv_heads; }

 private:
  std::size_t tiles_of(std::span<const AttentionSpan> spans) const {
    std::size_t tiles = 0;
    for (const AttentionSpan& span : spans) tiles += divide_up(span.rows, tile_rows_) * kv_.kv_heads;
    return tiles;
  }

  // The last rows see the most keys; they go first, so that the work ends evenly.
  void add_tiles(const AttentionSpan& span) {
    for (std::size_t tile = divide_up(span.rows, tile_rows_); tile-- > 0;) {
      Piece piece;
      piece.span = &span;
      piece.row = tile * tile_rows_;
      piece.rows = std::min(tile_rows_, span.rows - piece.row);
      const std::size_t span_end = span.first_position + span.rows;
      const std::size_t first_position = span.first_position + piece.row;
      const std::size_t seen = is_causal_ ? first_position + 1 : span_end;
      const std::size_t seen_end = is_causal_ ? first_position + piece.rows : span_end;
      const std::size_t first_seen = window_ != 0 && seen > window_ ? seen - window_ : 0;
      piece.first_segment = first_seen / kSegmentTokens;
      piece.segments = (seen_end - 1) / kSegmentTokens + 1 - piece.first_segment;
      keys_ += piece.rows * (seen - first_seen);
      for (piece.head = 0; piece.head < kv_.kv_heads; ++piece.head) pieces_.push_back(piece);
    }
  }

  // A tile that is more than a worker's share of all work is computed segment by segment, by whoever is free.
  void cut_large_tiles(std::size_t workers) {
    const auto cost = [](const Piece& piece) { return piece.rows * piece.segments; };
    std::size_t total = 0;
    for (const Piece& piece : pieces_) total += cost(piece);
    const auto is_large = [&](const Piece& piece) {
      return piece.segments > 1 && cost(piece) * workers * kPiecesPerWorker > total;
    };
    const std::size_t record = HeadStrides(kv_.head_dim).record;
    const auto floats_of = [&](const Piece& piece) { return piece.segments * piece.rows * group_ * record; };
    std::size_t cuts = 0;
    std::size_t floats = 0;
    for (const Piece& piece : pieces_) {
      if (!is_large(piece) || floats + floats_of(piece) > kCutFloatsMax) continue;
      ++cuts;
      floats += floats_of(piece);
    }
    if (cuts == 0) return;
    cuts_ = std::vector<Cut>(cuts);
    records_ = allocate_floats(floats);
    std::vector<Piece> whole;
    std::vector<Piece> cut;
    Cut* next = cuts_.data();
    float* records = records_.get();
    const float* const records_end = records + floats;
    for (const Piece& piece : pieces_) {
      if (!is_large(piece) || floats_of(piece) > static_cast<std::size_t>(records_end - records)) {
        whole.push_back(piece);
        continue;
      }
      next->records = records;
      next->segments_left.store(piece.segments, std::memory_order_relaxed);
      records += floats_of(piece);
      for (std::size_t segment = 0; segment < piece.segments; ++segment) {
        cut.push_back(piece);
        cut.back().segment = segment;
        cut.back().cut = next;
      }
      ++next;
    }
    cut.insert(cut.end(), whole.begin(), whole.end());
    pieces_ = std::move(cut);
  }

  const KvLayerView& kv_;
  std::size_t window_;
  bool is_causal_;
  std::size_t group_;
  std::size_t tile_rows_ = 1;
  std::size_t keys_ = 0;  // that all rows of one head see together, about
  std::vector<Piece> pieces_;
  std::vector<Cut> cuts_;
  Floats records_;
};

void check_pages(std::span<const AttentionSpan> spans, const KvLayerView& kv) {
  SIXFOLD_CHECK(kv.page_tokens > 0 && kv.page_tokens % kKeyStrip == 0 && kv.head_dim > 0 && kv.kv_heads > 0);
  SIXFOLD_CHECK(kv.dtype != KvDType::kBF16 || kv.head_dim % 2 == 0);
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

// The same as pairs of neighbours of the summed dimension.
void store_row_as_pairs(const KvLayerView& kv, std::size_t page, std::size_t head, std::size_t slot,
                        const std::uint16_t* k, const std::uint16_t* v) {
  auto* const keys = reinterpret_cast<std::uint16_t*>(kv.k(page, head)) + 2 * slot;
  auto* const values = reinterpret_cast<std::uint16_t*>(kv.v(page, head)) + slot / 2 * 2 * kv.head_dim + slot % 2;
  for (std::size_t d = 0; d < kv.head_dim; d += 2) {
    keys[d * kv.page_tokens] = k[d];
    keys[d * kv.page_tokens + 1] = k[d + 1];
  }
  for (std::size_t d = 0; d < kv.head_dim; ++d) values[2 * d] = v[d];
}

KvForm form_of(KvDType dtype) {
  switch (dtype) {
    case KvDType::kF32:
      return KvForm::kF32;
    case KvDType::kF16:
      return KvForm::kF16;
    case KvDType::kBF16:
      break;
  }
  return KvForm::kBF16Pairs;
}

// Computes a piece, and the rows of its tile if it is the last of them.  Segments are added up in order, whoever
// computed them.
void compute(const KernelTable& table, const AttentionTile& tile, const Piece& piece, const TileScratch& scratch) {
  const std::size_t record_floats = tile.rows * tile.group * tile.record_stride;
  if (piece.cut != nullptr) {
    table.attend_segment(tile, piece.first_segment + piece.segment, piece.cut->records + piece.segment * record_floats);
    if (piece.cut->segments_left.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    for (std::size_t segment = 1; segment < piece.segments; ++segment) {
      table.merge_segments(tile, piece.cut->records + segment * record_floats, piece.cut->records);
    }
    table.finish_attention(tile, piece.cut->records);
    return;
  }
  table.attend_segment(tile, piece.first_segment, scratch.total);
  for (std::size_t segment = 1; segment < piece.segments; ++segment) {
    table.attend_segment(tile, piece.first_segment + segment, scratch.segment);
    table.merge_segments(tile, scratch.segment, scratch.total);
  }
  table.finish_attention(tile, scratch.total);
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
            continue;
          }
          const auto convert = kv.dtype == KvDType::kF16 ? table.f32_to_f16 : table.f32_to_bf16;
          convert(k + source, kv.head_dim, halves.data());
          convert(v + source, kv.head_dim, halves.data() + kv.head_dim);
          (kv.dtype == KvDType::kF16 ? store_row<std::uint16_t> : store_row_as_pairs)(
              kv, page, head, slot, halves.data(), halves.data() + kv.head_dim);
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
  SIXFOLD_CHECK(parameters.is_causal || parameters.window == 0);
  const KernelTable& table = *active_isa_row().kernels;
  const Plan plan(spans, kv, parameters, pool.size());

  // Pieces differ in cost, so whoever is free takes the next one.  Who computes a piece does not change its bits.
  std::atomic<std::size_t> next_piece{0};
  const auto work = [&](std::size_t) {
    TileScratch scratch(plan.tile_rows() * plan.group(), kv.head_dim);
    for (;;) {
      const std::size_t number = next_piece.fetch_add(1, std::memory_order_relaxed);
      if (number >= plan.pieces().size()) return;
      const Piece& piece = plan.pieces()[number];
      const std::size_t batch_row = piece.span->first_row + piece.row;
      const std::size_t first_element = piece.head * plan.group() * kv.head_dim;
      AttentionTile tile;
      tile.q = q + batch_row * q_stride + first_element;
      tile.q_stride = q_stride;
      tile.out = out + batch_row * out_stride + first_element;
      tile.out_stride = out_stride;
      tile.rows = piece.rows;
      tile.group = plan.group();
      tile.head_dim = kv.head_dim;
      tile.first_position = piece.span->first_position + piece.row;
      tile.window = parameters.window;
      tile.keys_end = piece.span->first_position + piece.span->rows;
      tile.is_causal = parameters.is_causal;
      tile.scale = parameters.scale;
      tile.softcap = parameters.softcap;
      tile.pages = piece.span->pages.data();
      tile.k = kv.k(0, piece.head);
      tile.v = kv.v(0, piece.head);
      tile.page_stride = kv.page_stride;
      tile.page_tokens = kv.page_tokens;
      tile.form = form_of(kv.dtype);
      scratch.lend_to(tile);
      compute(table, tile, piece, scratch);
    }
  };
  run(pool, plan.products() < kSerialProducts ? 1 : pool.size(), work);
}

}  // namespace sixfold::kernels
