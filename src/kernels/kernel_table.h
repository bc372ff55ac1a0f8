// The functions that every instruction set provides.  Contracts are those of vector_ops.h and attention.h.
// Read by the isa_*.cc files: nothing here may need an inline function of the standard library (see check_weak.sh).
#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/activation.h"
#include "kernels/attention_tile.h"
#include "kernels/tile_output.h"

namespace sixfold::kernels {

// Immutable; one per instruction set, for the whole process.
struct KernelTable {
  void (*rms_norm)(const float* x, const float* weight, float epsilon, std::size_t count, float* out);
  void (*layer_norm)(const float* x, const float* weight, const float* bias, float epsilon, std::size_t count,
                     float* out);
  void (*add)(float* x, const float* y, std::size_t count);
  void (*soft_cap)(float* x, float cap, std::size_t count);
  // By Activation.  out = factor * activation(product + bias), or out += that.  products: [to.tokens][kTileRows] f32.
  void (*store_tile[kActivationCount])(const TileOutput& to, const float* products);
  // By Activation.  out[i] = activation(gate[i]) * up[i]; out may alias gate or up.
  void (*gate[kActivationCount])(const float* gate, const float* up, std::size_t count, float* out);
  void (*rope_interleaved)(float* head, const float* cos_sin, std::size_t pairs);
  void (*rope_halves)(float* head, const float* cos_sin, std::size_t pairs);
  std::size_t (*argmax)(const float* x, std::size_t count);
  void (*f32_to_f16)(const float* x, std::size_t count, std::uint16_t* out);
  void (*f16_to_f32)(const std::uint16_t* x, std::size_t count, float* out);
  void (*f32_to_bf16)(const float* x, std::size_t count, std::uint16_t* out);  // round to nearest even
  // codes[i] = round(x[i] / scale), at most kKvCodeMax; returns the scale, which is 0 with codes of 0 next to zero, and
  // NaN with codes of 0 if an element is not finite.
  float (*f32_to_fixed)(const float* x, std::size_t count, std::int16_t* codes);
  // out[i] = e^x[i], within 2 units in the last place; 0 below the smallest normal number, infinity above the largest.
  void (*exp)(const float* x, std::size_t count, float* out);
  // out[i] = tanh(x[i]), within 4 units in the last place.
  void (*tanh)(const float* x, std::size_t count, float* out);
  // Attention of one tile: fills tile.queries; takes in the keys [begin, end) of one segment, block after block, from
  // its first to its last; adds up the records of segments, lowest first; and writes tile.out.
  // begin and end are multiples of kKeyBlock.  Records are those of AttentionRecord: [rows * group, record_stride].
  void (*prepare_queries)(const AttentionTile& tile);
  void (*attend_keys)(const AttentionTile& tile, std::size_t begin, std::size_t end, float* records);
  void (*merge_segments)(const AttentionTile& tile, const float* segment, float* total);
  void (*finish_attention)(const AttentionTile& tile, const float* records);
};

}  // namespace sixfold::kernels
