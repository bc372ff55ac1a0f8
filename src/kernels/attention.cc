// Hands the pieces of attention to the workers one by one, and writes keys and values into their pages.
#include "kernels/attention.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <vector>

#include "core/check.h"
#include "kernels/attention_plan.h"
#include "kernels/dispatch.h"

namespace sixfold::kernels {
namespace {

// Work below these sizes is done before another thread has woken up.
constexpr std::size_t kSerialProducts = 1 << 15;
constexpr std::size_t kSerialElements = 1 << 12;

// Calls body(0) to body(workers - 1), side by side.
template <class Body>
void run(WorkerPool& pool, std::size_t workers, const Body& body) {
  pool.for_tasks(workers, [&](std::size_t task, std::size_t) { body(task); });
}

void check_pages(std::span<const AttentionSpan> spans, const KvLayerView& kv) {
  SIXFOLD_CHECK(kv.page_tokens > 0 && kv.page_tokens % kKeyStrip == 0 && kv.head_dim > 0 && kv.kv_heads > 0);
  SIXFOLD_CHECK(!stores_pairs(kv.dtype) || kv.head_dim % 2 == 0);
  for (const AttentionSpan& span : spans) {
    SIXFOLD_CHECK(divide_up(span.first_position + span.rows, kv.page_tokens) <= span.pages.size());
  }
}

// Rows lie far apart, so the processor does not see that the same part of the next ones will be read.
void expect_row(const float* k, const float* v, std::size_t count) {
  constexpr std::size_t kLineFloats = 16;
  for (std::size_t i = 0; i < count; i += kLineFloats) {
    __builtin_prefetch(k + i);
    __builtin_prefetch(v + i);
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

// The same in fixed point, with the scales behind them.  codes: [2 * head_dim], overwritten.
void store_row_as_fixed(const KernelTable& table, const KvLayerView& kv, std::size_t page, std::size_t head,
                        std::size_t slot, const float* k, const float* v, std::uint16_t* codes) {
  const std::size_t count = kv.head_dim;
  const float v_scale = table.f32_to_fixed(v, count, reinterpret_cast<std::int16_t*>(codes + count));
  float k_scale = table.f32_to_fixed(k, count, reinterpret_cast<std::int16_t*>(codes));
  // One scale says it for both, so that those of values are always numbers.
  if (std::isnan(v_scale)) k_scale = v_scale;
  store_row_as_pairs(kv, page, head, slot, codes, codes + count);
  const std::size_t codes_bytes = kv.page_tokens * count * sizeof(std::int16_t);
  reinterpret_cast<float*>(kv.k(page, head) + codes_bytes)[slot] = k_scale;
  reinterpret_cast<float*>(kv.v(page, head) + codes_bytes)[slot] = std::isnan(v_scale) ? 0 : v_scale;
}

KvForm form_of(KvDType dtype) {
  switch (dtype) {
    case KvDType::kF32:
      return KvForm::kF32;
    case KvDType::kF16:
      return KvForm::kF16;
    case KvDType::kBF16:
      return KvForm::kBF16Pairs;
    case KvDType::kI16:
      break;
  }
  return KvForm::kFixed;
}

// The tiles of a piece, one for each of its kv heads.
using Tiles = std::span<const AttentionTile>;

std::size_t record_floats(const AttentionTile& tile) {
  return tile.rows * tile.group * tile.record_stride;
}

// After a block of one kv head comes that of the next; after that of the last, the next block of the first.
void point_ahead(std::size_t heads, std::size_t head, const KvLayerView& kv, AttentionTile& tile) {
  const auto head_bytes = static_cast<std::ptrdiff_t>(kv.head_bytes());
  tile.ahead_positions = head + 1 < heads ? 0 : kKeyBlock;
  tile.ahead_bytes = head + 1 < heads ? head_bytes : -static_cast<std::ptrdiff_t>(head) * head_bytes;
}

// records: [heads, rows * group, record_stride] of one segment.
void attend_segment(const KernelTable& table, Tiles tiles, std::size_t segment, float* records) {
  const std::size_t end = (segment + 1) * kSegmentTokens;
  // Several heads take turns block by block, and so read pages from end to end.
  const std::size_t step = tiles.size() > 1 ? kKeyBlock : kSegmentTokens;
  for (std::size_t begin = segment * kSegmentTokens; begin < end; begin += step) {
    for (std::size_t i = 0; i < tiles.size(); ++i) {
      table.attend_keys(tiles[i], begin, begin + step, records + i * record_floats(tiles[i]));
    }
  }
}

void merge_segments(const KernelTable& table, Tiles tiles, const float* segment, float* total) {
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    const std::size_t offset = i * record_floats(tiles[i]);
    table.merge_segments(tiles[i], segment + offset, total + offset);
  }
}

void finish(const KernelTable& table, Tiles tiles, const float* records) {
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    table.finish_attention(tiles[i], records + i * record_floats(tiles[i]));
  }
}

// Computes a piece, and the rows of its tiles if it is the last of them.  Segments are added up in order, whoever
// computed them.
void compute(const KernelTable& table, Tiles tiles, const AttentionPiece& piece, const TileScratch& scratch) {
  for (const AttentionTile& tile : tiles) table.prepare_queries(tile);
  if (AttentionCut* const cut = piece.cut; cut != nullptr) {
    const std::size_t floats = tiles.size() * record_floats(tiles[0]);
    attend_segment(table, tiles, piece.first_segment + piece.segment, cut->records + piece.segment * floats);
    if (cut->segments_left.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    for (std::size_t segment = 1; segment < piece.segments; ++segment) {
      merge_segments(table, tiles, cut->records + segment * floats, cut->records);
    }
    finish(table, tiles, cut->records);
    return;
  }
  attend_segment(table, tiles, piece.first_segment, scratch.total);
  for (std::size_t segment = 1; segment < piece.segments; ++segment) {
    attend_segment(table, tiles, piece.first_segment + segment, scratch.segment);
    merge_segments(table, tiles, scratch.segment, scratch.total);
  }
  finish(table, tiles, scratch.total);
}

}  // namespace

void store_kv(WorkerPool& pool, std::span<const AttentionSpan> spans, const KvLayerView& kv, const float* k,
              const float* v, std::size_t stride) {
  check_pages(spans, kv);
  constexpr std::size_t kRowsAhead = 4;  // about as many as memory takes to answer
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
          if (row + kRowsAhead < span.rows) {
            expect_row(k + source + kRowsAhead * stride, v + source + kRowsAhead * stride, kv.head_dim);
          }
          if (kv.dtype == KvDType::kF32) {
            store_row(kv, page, head, slot, k + source, v + source);
            continue;
          }
          if (kv.dtype == KvDType::kI16) {
            store_row_as_fixed(table, kv, page, head, slot, k + source, v + source, halves.data());
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
  const AttentionPlan plan(spans, kv, parameters, pool.size());

  const auto tile_of = [&](const AttentionPiece& piece, std::size_t head) {
    const std::size_t batch_row = piece.span->first_row + piece.row;
    const std::size_t first_element = head * plan.group() * kv.head_dim;
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
    tile.k = kv.k(0, head);
    tile.v = kv.v(0, head);
    tile.page_stride = kv.page_stride;
    tile.page_tokens = kv.page_tokens;
    tile.form = form_of(kv.dtype);
    return tile;
  };
  // Pieces differ in cost, so whoever is free takes the next one.  Who computes a piece does not change its bits.
  std::atomic<std::size_t> next_piece{0};
  const auto work = [&](std::size_t) {
    TileScratch scratch(plan.queries_max(), kv.head_dim);
    std::vector<AttentionTile> tiles;
    for (;;) {
      const std::size_t number = next_piece.fetch_add(1, std::memory_order_relaxed);
      if (number >= plan.pieces().size()) return;
      const AttentionPiece& piece = plan.pieces()[number];
      tiles.clear();
      for (std::size_t i = 0; i < piece.heads; ++i) {
        tiles.push_back(tile_of(piece, piece.head + i));
        scratch.lend_to(tiles.back(), i * piece.rows * plan.group());
        point_ahead(piece.heads, i, kv, tiles.back());
      }
      compute(table, tiles, piece, scratch);
    }
  };
  run(pool, plan.products() < kSerialProducts ? 1 : pool.size(), work);
}

}  // namespace sixfold::kernels
