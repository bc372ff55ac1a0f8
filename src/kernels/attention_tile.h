// One piece of attention, as a kernel table computes it.  Private to kernels/.
// Read by the isa_*.cc files: nothing here may need an inline function of the standard library (see check_weak.sh).
#pragma once
#include <cstddef>
#include <cstdint>

namespace sixfold::kernels {

// Three grids over the positions of a sequence, all counted from position 0, so that every row adds up in the same
// order however a batch was cut and whoever computes it.
inline constexpr std::size_t kKeyStrip = 32;        // keys that lie together in a page
inline constexpr std::size_t kKeyBlock = 128;       // keys of one step of online softmax
inline constexpr std::size_t kSegmentTokens = 512;  // keys of one result that can be computed apart from the others
inline constexpr std::size_t kBlockStrips = kKeyBlock / kKeyStrip;
static_assert(kKeyBlock % kKeyStrip == 0 && kSegmentTokens % kKeyBlock == 0);

// The widest vector of any instruction set; rows of scratch memory are padded to two of it.
inline constexpr std::size_t kLanesMax = 16;

enum class KvForm : std::uint8_t {
  kF32,
  kF16,
  kBF16Pairs,  // two neighbours of the summed dimension lie together: K by head dimension, V by key
  kFixed,      // pairs of codes in the same places, and a scale for each key and each value behind those of a head
};

// Fixed point: a number is its code times a scale.  Two codes that lie together, the first one low.
struct [[gnu::may_alias]] FixedPair {
  std::int32_t codes;
};
inline constexpr std::size_t kFixedChunk = 32;    // products that are added up as integers
inline constexpr std::int32_t kKvCodeMax = 8191;  // of a code, without its sign: the sum of a chunk fits 32 bits
static_assert(static_cast<std::int64_t>(kFixedChunk) * kKvCodeMax * kKvCodeMax < (std::int64_t{1} << 31));

// kFixedChunk elements of a query, those behind its end 0.
struct FixedQuery {
  FixedPair pairs[kFixedChunk / 2];
  float scale;
};

// What is known of a query after some keys: a record of `record_stride` floats.
//   outputs [head_stride], not yet divided by the sum of weights; then the largest score (in powers of two), and the
//   sum of the weights 2^(score - largest).
struct AttentionRecord {
  static constexpr std::size_t kMaximum = 0;  // behind the outputs
  static constexpr std::size_t kSum = 1;
  static constexpr std::size_t kTail = kLanesMax;  // floats behind the outputs
};

// All query heads that read one kv head, for consecutive rows of one sequence.
struct AttentionTile {
  const float* q = nullptr;  // [rows, group, head_dim], q_stride elements from row to row
  std::size_t q_stride = 0;
  float* out = nullptr;  // the same shape
  std::size_t out_stride = 0;
  std::size_t rows = 0;
  std::size_t group = 0;
  std::size_t head_dim = 0;
  std::size_t first_position = 0;  // of the first row
  std::size_t window = 0;          // 0 = unlimited
  std::size_t keys_end = 0;        // not causal: every row sees [0, keys_end)
  bool is_causal = true;
  float scale = 0;
  float softcap = 0;  // 0 = none

  const std::uint32_t* pages = nullptr;
  const std::byte* k = nullptr;  // of page 0, this head, as KvLayerView says
  const std::byte* v = nullptr;
  std::size_t page_stride = 0;  // bytes
  std::size_t page_tokens = 0;  // a multiple of kKeyStrip
  KvForm form = KvForm::kF32;
  // Where the block of keys lies that this worker reads after one of this tile: so many positions and bytes further.
  std::size_t ahead_positions = 0;
  std::ptrdiff_t ahead_bytes = 0;

  // Scratch memory of this worker, aligned to 64 bytes; queries = rows * group.
  std::size_t head_stride = 0;    // head_dim rounded up to 2 * kLanesMax
  std::size_t record_stride = 0;  // head_stride + AttentionRecord::kTail
  // [queries, head_stride], multiplied by scale / ln 2; pairs: as bf16 pairs; fixed: as FixedQuery.
  float* queries = nullptr;
  float* sums = nullptr;    // [queries, kLanesMax], of weights, lane by lane
  float* keys = nullptr;    // [kBlockStrips, head_dim, kKeyStrip]
  float* values = nullptr;  // [kKeyBlock, head_stride]
};

}  // namespace sixfold::kernels
