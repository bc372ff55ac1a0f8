// Biases are read where the architecture has them, or where it may have them and the file has.
#include "model/blocks/linear.h"

#include <numeric>
#include <utility>

#include "core/error.h"

namespace sixfold::model {
namespace {

Result<std::vector<float>> load_bias(WeightReader& reader, Presence presence, const std::string& name,
                                     std::size_t count) {
  const bool is_read = presence == Presence::kRequired || (presence == Presence::kOptional && reader.has(name));
  if (!is_read) return std::vector<float>();
  return reader.vector(name, count);
}

}  // namespace

Result<Linear> load_linear(WeightReader& reader, const std::string& stem, const LinearShape& shape) {
  Linear linear;
  SIXFOLD_TRY(linear.weights, reader.matrix(stem + ".weight", shape.rows, shape.cols));
  SIXFOLD_TRY(linear.bias, load_bias(reader, shape.bias, stem + ".bias", shape.rows));
  return linear;
}

Result<std::vector<Linear>> load_stacked_linear(WeightReader& reader, const std::string& stem,
                                                std::span<const std::size_t> rows, std::size_t cols, Presence bias) {
  SIXFOLD_TRY(std::vector<kernels::PackedMatrix> matrices, reader.stacked_matrices(stem + ".weight", rows, cols));
  const std::size_t total = std::accumulate(rows.begin(), rows.end(), std::size_t{0});
  SIXFOLD_TRY(const std::vector<float> biases, load_bias(reader, bias, stem + ".bias", total));
  std::vector<Linear> stacked;
  auto first = biases.begin();
  for (kernels::PackedMatrix& matrix : matrices) {
    Linear linear{.weights = std::move(matrix), .bias = {}};
    if (!biases.empty()) {
      const auto last = first + static_cast<std::ptrdiff_t>(linear.weights.rows());
      linear.bias.assign(first, last);
      first = last;
    }
    stacked.push_back(std::move(linear));
  }
  return stacked;
}

}  // namespace sixfold::model
