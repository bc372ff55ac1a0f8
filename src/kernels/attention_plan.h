// Cuts attention into pieces of work.  Private to kernels/.
#pragma once
#include <atomic>
#include <cstddef>
#include <span>
#include <vector>

#include "kernels/attention.h"
#include "kernels/attention_scratch.h"

namespace sixfold::kernels {

// The segments of one piece, computed by several workers; the last of them adds them up.
struct AttentionCut {
  float* records = nullptr;  // [segments, heads, rows * group, record_stride]
  std::atomic<std::size_t> segments_left{0};
};

// Some rows of a span and the kv heads [head, head + heads), or one segment of them.
struct AttentionPiece {
  const AttentionSpan* span = nullptr;
  std::size_t head = 0;
  std::size_t heads = 1;
  std::size_t row = 0;  // of the span
  std::size_t rows = 0;
  std::size_t first_segment = 0;  // that the rows see
  std::size_t segments = 0;
  std::size_t segment = 0;      // of this piece, counted from first_segment
  AttentionCut* cut = nullptr;  // nullptr: all segments are this piece's
};

// Everything that the workers of one call share.  Refers to the spans and the view that it was made from.
class AttentionPlan {
 public:
  AttentionPlan(std::span<const AttentionSpan> spans, const KvLayerView& kv, const AttentionParameters& parameters,
                std::size_t workers);

  std::size_t group() const { return group_; }  // query heads of a kv head
  const std::vector<AttentionPiece>& pieces() const { return pieces_; }
  std::size_t queries_max() const;  // of one piece
  // Products of a query element and a key element, or of a weight and a value.
  std::size_t products() const { return keys_ * group_ * kv_.head_dim * kv_.kv_heads; }

 private:
  std::size_t tiles_of(std::span<const AttentionSpan> spans) const;
  AttentionPiece tile_at(const AttentionSpan& span, std::size_t row) const;
  std::size_t heads_at_once(std::span<const AttentionSpan> spans, std::size_t workers) const;
  void add_tiles(const AttentionSpan& span, std::size_t heads_at_once);
  void cut_large_tiles(std::size_t workers);
  std::size_t record_floats(const AttentionPiece& piece) const;

  const KvLayerView& kv_;
  std::size_t window_;
  bool is_causal_;
  std::size_t group_;
  std::size_t tile_rows_ = 1;
  std::size_t keys_ = 0;  // that all rows of one head see together, about
  std::vector<AttentionPiece> pieces_;
  std::vector<AttentionCut> cuts_;
  Floats records_;
};

}  // namespace sixfold::kernels
