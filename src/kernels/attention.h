// Attention of query rows over paged keys and values.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/worker_pool.h"

namespace sixfold::kernels {

// kI16: 16-bit fixed point.  Codes of 13 bits and a sign, with a scale for each key and each value of a head.
enum class KvDType { kF32, kF16, kBF16, kI16 };

// Of one key or one value of a head, with its scale.
inline std::size_t kv_vector_bytes(KvDType dtype, std::size_t head_dim) {
  if (dtype == KvDType::kF32) return head_dim * sizeof(float);
  return head_dim * sizeof(std::uint16_t) + (dtype == KvDType::kI16 ? sizeof(float) : 0);
}
inline bool stores_pairs(KvDType dtype) {
  return dtype == KvDType::kBF16 || dtype == KvDType::kI16;
}

// Memory of one layer's keys and values in the page pool.  A page holds page_tokens consecutive positions of one
// sequence, a multiple of 32:
//   K: [kv_heads, head_dim, page_tokens], then V: [kv_heads, page_tokens, head_dim], element type dtype.
//   bf16: K: [kv_heads, head_dim / 2, page_tokens, 2], then V: [kv_heads, page_tokens / 2, head_dim, 2]; head_dim is
//   even.  Neighbours of the dimension that is summed lie together, as the dot product of pairs wants them.
//   i16: the same, and behind the keys of each head, and behind its values, their scales: [page_tokens] f32.
//   Element = code * scale, |code| <= 8191, scale = max |element| / 8191; a scale of 0 with codes of 0 for vectors next
//   to zero.  The scale of a key is NaN if it or its value is not finite.
// K is stored across, so that one vector holds the same dimension of many keys: scores need no horizontal sums.
// Memory that no position has been written to may hold anything.
struct KvLayerView {
  std::byte* base = nullptr;    // page 0 of this layer
  std::size_t page_stride = 0;  // bytes from a page to the next
  std::size_t page_tokens = 0;
  std::size_t kv_heads = 0;
  std::size_t head_dim = 0;
  KvDType dtype = KvDType::kI16;

  std::size_t head_bytes() const { return page_tokens * kv_vector_bytes(dtype, head_dim); }
  std::byte* k(std::size_t page, std::size_t head) const { return base + page * page_stride + head * head_bytes(); }
  std::byte* v(std::size_t page, std::size_t head) const { return k(page, kv_heads + head); }
};

// Consecutive rows of a batch that belong to one sequence: row r has position first_position + r.
struct AttentionSpan {
  std::size_t first_row = 0;
  std::size_t rows = 0;
  std::size_t first_position = 0;
  std::span<const std::uint32_t> pages;  // page of positions [i * page_tokens, (i+1) * page_tokens)
};

// Writes the new keys and values of every row into the pages.  k, v: [rows, kv_heads, head_dim] f32 with `stride`
// elements from row to row.
void store_kv(WorkerPool& pool, std::span<const AttentionSpan> spans, const KvLayerView& kv, const float* k,
              const float* v, std::size_t stride);

struct AttentionParameters {
  std::size_t heads = 0;   // query heads, a multiple of kv.kv_heads; head h reads kv head h / (heads / kv_heads)
  float scale = 0;         // usually 1/sqrt(head_dim)
  std::size_t window = 0;  // tokens; 0 = unlimited
  // Scores s become softcap * tanh(s / softcap); 0 = they stay as they are.  Source: arXiv:2408.00118, section 2.
  float softcap = 0;
  // A row sees positions max(0, position + 1 - window) ... position of its sequence (window 0 = from the first); or,
  // as in encoders, all of [0, first_position + rows) of its span, without a window.
  bool is_causal = true;
};

// Softmax attention.  q: [rows, heads, head_dim] f32 with q_stride elements from row to row; out: the same shape,
// contiguous rows of out_stride elements; out may not alias q.  The keys and values of all rows are already stored.
// A row's result depends only on its own query and the keys and values that it sees: the same bits however the batch
// was cut and however many workers share it.  With bf16 keys and values, an instruction set with a dot product of pairs
// rounds queries and weights to bf16 too; with i16, one with fast products of pairs of integers (AVX2, AVX-512) rounds
// them to 13 bits and a sign, queries with a scale for 32 elements, weights times the scales of their values with one
// for 32 keys.  Otherwise all arithmetic is f32.
// Source: online softmax, arXiv:1805.02867; blocked over keys as in arXiv:2205.14135; segments of the keys apart from
// each other as in Flash-Decoding (Dao et al., 2023).
void attention(WorkerPool& pool, std::span<const AttentionSpan> spans, const KvLayerView& kv,
               const AttentionParameters& parameters, const float* q, std::size_t q_stride, float* out,
               std::size_t out_stride);

}  // namespace sixfold::kernels
