// Tiles of one kv head and many rows for prompts, which read keys and values once for all their queries; pieces of all
// kv heads and few rows for decoding, which read memory in its order.  The largest are cut into segments of their keys.
#include "kernels/attention_plan.h"

#include <algorithm>
#include <utility>

namespace sixfold::kernels {
namespace {

// Queries (rows times heads of a group) of a tile: keys and values are read once for so many.  More would not fit the
// second-level cache together with them.
constexpr std::size_t kTileQueries = 128;
// A tile of fewer queries is not worth making for the sake of balance.
constexpr std::size_t kTileQueriesMin = 16;
// Up to so many queries of a kv head wait for memory, not for arithmetic.  Then one piece takes several heads: those of
// a page are neighbours in memory, the pages of a sequence are not.  (One row at position 32768, f16, 8 heads of 128,
// AVX-512, 2 threads: head by head 15 GB/s; in the order of memory 16, with prefetches 26, on huge pages 30.)
constexpr std::size_t kQueriesOfManyHeads = 16;
constexpr std::size_t kPiecesPerWorker = 4;
// Results of segments that may wait to be added up; tiles beyond it stay whole.
constexpr std::size_t kCutFloatsMax = std::size_t{4} << 20;

}  // namespace

AttentionPlan::AttentionPlan(std::span<const AttentionSpan> spans, const KvLayerView& kv,
                             const AttentionParameters& parameters, std::size_t workers)
    : kv_(kv), window_(parameters.window), is_causal_(parameters.is_causal), group_(parameters.heads / kv.kv_heads) {
  tile_rows_ = std::max<std::size_t>(kTileQueries / group_, 1);
  while (tile_rows_ > 1 && tile_rows_ * group_ >= 2 * kTileQueriesMin && tiles_of(spans) < kPiecesPerWorker * workers) {
    tile_rows_ /= 2;
  }
  const std::size_t heads = heads_at_once(spans, workers);
  for (const AttentionSpan& span : spans) add_tiles(span, heads);
  if (workers > 1) cut_large_tiles(workers);
}

std::size_t AttentionPlan::queries_max() const {
  std::size_t most = 0;
  for (const AttentionPiece& piece : pieces_) most = std::max(most, piece.heads * piece.rows * group_);
  return most;
}

std::size_t AttentionPlan::tiles_of(std::span<const AttentionSpan> spans) const {
  std::size_t tiles = 0;
  for (const AttentionSpan& span : spans) tiles += divide_up(span.rows, tile_rows_) * kv_.kv_heads;
  return tiles;
}

// The rows of a span from `row` on that one tile takes, and the segments that they see.
AttentionPiece AttentionPlan::tile_at(const AttentionSpan& span, std::size_t row) const {
  AttentionPiece piece;
  piece.span = &span;
  piece.row = row;
  piece.rows = std::min(tile_rows_, span.rows - row);
  const std::size_t span_end = span.first_position + span.rows;
  const std::size_t first_position = span.first_position + row;
  const std::size_t seen = is_causal_ ? first_position + 1 : span_end;
  const std::size_t seen_end = is_causal_ ? first_position + piece.rows : span_end;
  const std::size_t first_seen = window_ != 0 && seen > window_ ? seen - window_ : 0;
  piece.first_segment = first_seen / kSegmentTokens;
  piece.segments = (seen_end - 1) / kSegmentTokens + 1 - piece.first_segment;
  return piece;
}

// As many kv heads as leave every worker some pieces, if each piece of few queries took one segment.
std::size_t AttentionPlan::heads_at_once(std::span<const AttentionSpan> spans, std::size_t workers) const {
  std::size_t segments = 0;
  for (const AttentionSpan& span : spans) {
    for (std::size_t row = 0; row < span.rows; row += tile_rows_) segments += tile_at(span, row).segments;
  }
  std::size_t heads = kv_.kv_heads;
  while (heads > 1 && workers > 1 && segments * divide_up(kv_.kv_heads, heads) < kPiecesPerWorker * workers) {
    heads = divide_up(heads, 2);
  }
  return heads;
}

// The last rows see the most keys; they go first, so that the work ends evenly.
void AttentionPlan::add_tiles(const AttentionSpan& span, std::size_t heads_at_once) {
  for (std::size_t tile = divide_up(span.rows, tile_rows_); tile-- > 0;) {
    AttentionPiece piece = tile_at(span, tile * tile_rows_);
    keys_ += piece.rows * std::min(piece.segments * kSegmentTokens, span.first_position + piece.row + 1);
    const std::size_t heads = piece.rows * group_ <= kQueriesOfManyHeads ? heads_at_once : 1;
    for (piece.head = 0; piece.head < kv_.kv_heads; piece.head += heads) {
      piece.heads = std::min(heads, kv_.kv_heads - piece.head);
      pieces_.push_back(piece);
    }
  }
}

// Of one segment of a piece.
std::size_t AttentionPlan::record_floats(const AttentionPiece& piece) const {
  return piece.heads * piece.rows * group_ * HeadStrides(kv_.head_dim).record;
}

// A piece that is more than a worker's share of all work is computed segment by segment, by whoever is free.
void AttentionPlan::cut_large_tiles(std::size_t workers) {
  const auto cost = [](const AttentionPiece& piece) { return piece.rows * piece.heads * piece.segments; };
  std::size_t total = 0;
  for (const AttentionPiece& piece : pieces_) total += cost(piece);
  const auto is_large = [&](const AttentionPiece& piece) {
    return piece.segments > 1 && cost(piece) * workers * kPiecesPerWorker > total;
  };
  const auto floats_of = [&](const AttentionPiece& piece) { return piece.segments * record_floats(piece); };
  std::size_t cuts = 0;
  std::size_t floats = 0;
  for (const AttentionPiece& piece : pieces_) {
    if (!is_large(piece) || floats + floats_of(piece) > kCutFloatsMax) continue;
    ++cuts;
    floats += floats_of(piece);
  }
  if (cuts == 0) return;
  cuts_ = std::vector<AttentionCut>(cuts);
  records_ = allocate_floats(floats);
  std::vector<AttentionPiece> whole;
  std::vector<AttentionPiece> cut;
  AttentionCut* next = cuts_.data();
  float* records = records_.get();
  const float* const records_end = records + floats;
  for (const AttentionPiece& piece : pieces_) {
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

}  // namespace sixfold::kernels
