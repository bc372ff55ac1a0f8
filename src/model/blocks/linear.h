// A weight matrix with its bias.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "kernels/matmul.h"
#include "kernels/packed_matrix.h"
#include "model/decoder_traits.h"
#include "model/row_buffer.h"
#include "model/weight_reader.h"

namespace sixfold::model {

// Immutable once loaded.
struct Linear {
  kernels::PackedMatrix weights;  // [rows, cols]
  std::vector<float> bias;        // [rows], or empty

  // The product of an input with it: out: [inputs, rows] f32, out_stride elements from row to row.
  kernels::MatmulTarget into(float* out, std::size_t out_stride) const {
    return {.weights = &weights, .out = out, .out_stride = out_stride, .bias = bias.empty() ? nullptr : bias.data()};
  }
  kernels::MatmulTarget into(const RowBuffer& out) const { return into(out.row(0), out.stride()); }
};

struct LinearShape {
  std::size_t rows = 0;
  std::size_t cols = 0;
  Presence bias = Presence::kNever;
};

// Reads STEM.weight and STEM.bias.  Errors of both: as WeightReader's.
Result<Linear> load_linear(WeightReader& reader, const std::string& stem, const LinearShape& shape);

// Several that lie one below the other in one tensor: each with its number of rows.
Result<std::vector<Linear>> load_stacked_linear(WeightReader& reader, const std::string& stem,
                                                std::span<const std::size_t> rows, std::size_t cols, Presence bias);

}  // namespace sixfold::model
