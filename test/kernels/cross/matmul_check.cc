// Compares the NEON matrix kernels with the scalar ones without a test framework, so that it can be built for another
// machine.  Prints what is wrong; exit status 1 if anything is.
#include <cstdio>
#include <cstdlib>

#include "kernels/matmul_table.h"
#include "kernels/pack_blocks.h"
#include "kernels/pack_fixed.h"
#include "kernels/random_weights.h"

namespace sixfold::internal {
void check_failed(const char* condition, const char* file, int line) {
  std::printf("%s:%d: %s\n", file, line, condition);
  std::abort();
}
}  // namespace sixfold::internal

namespace sixfold::kernels {

extern const MatmulTable neon_matmul;
extern const MatmulTable scalar_matmul;

namespace {

constexpr std::size_t kRows = 13;  // a partly filled tile
constexpr std::size_t kBlocks = 3;

std::size_t units_of(Format format, std::size_t cols) {
  return (cols + unit_inputs(format) - 1) / unit_inputs(format);
}

// One group of tokens in the form that the format reads.
std::vector<std::byte> group_of(const MatmulTable& table, Format format, const float* x, std::size_t tokens,
                                std::size_t cols) {
  if (is_float(format)) {
    std::vector<float> turned(tokens * (cols + cols % 2));
    for (std::size_t t = 0; t < tokens; ++t) {
      for (std::size_t k = 0; k < cols; ++k) turned[k * tokens + t] = x[t * cols + k];
    }
    const auto* bytes = reinterpret_cast<const std::byte*>(turned.data());
    return {bytes, bytes + turned.size() * sizeof(float)};
  }
  const ActivationForm form = form_read_by(format);
  std::vector<std::byte> group(tokens * bytes_per_token(form, cols));
  table.make[static_cast<std::size_t>(form)](x, cols, cols, tokens, 0, units_of(format, cols), group.data());
  return group;
}

std::size_t index_of_size(std::size_t tokens) {
  std::size_t index = 0;
  while (kGroupSizes[index] != tokens) ++index;
  return index;
}

// [tokens][16]
std::vector<float> product(const MatmulTable& table, Format format, const std::vector<std::byte>& tile, const float* x,
                           std::size_t tokens, std::size_t cols) {
  const std::vector<std::byte> group = group_of(table, format, x, tokens, cols);
  std::vector<float> products(tokens * kTileRows, -1.0f);
  table.multiply[static_cast<std::size_t>(format)].of_size[index_of_size(tokens)](tile.data(), units_of(format, cols),
                                                                                  group.data(), products.data());
  return products;
}

void pack_units(DType dtype, const RandomWeights& weights, std::size_t cols, std::byte* tile) {
  const Format format = format_of(dtype);
  const std::size_t source_unit = row_bytes(dtype, unit_inputs(format));
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t unit = 0; unit < cols / unit_inputs(format); ++unit) {
      pack_unit_of(dtype)(weights.row(row) + unit * source_unit, row, tile + unit_at(format, unit),
                          tile + scales_at(format, unit));
    }
  }
}

std::size_t cols_of(Format format) {
  if (is_fixed(format)) return 300;  // more than a run, and part of a block
  return is_float(format) ? 132 : kBlocks * unit_inputs(format);
}

int failures_of(DType dtype) {
  const Format format = format_of(dtype);
  const std::size_t cols = cols_of(format);
  const RandomWeights weights(dtype, kRows, cols, 1);
  std::vector<std::byte> tile(tile_bytes(format, units_of(format, cols)));
  if (is_fixed(format)) {
    pack_fixed_tile(weights.row(0), kRows, cols, tile.data());
  } else {
    pack_units(dtype, weights, cols, tile.data());
  }
  int failures = 0;
  const std::vector<float> x = random_inputs(8 * cols, 2);
  std::vector<float> want;
  std::vector<float> alone;
  for (std::size_t t = 0; t < 8; ++t) {
    for (const float value : product(scalar_matmul, format, tile, x.data() + t * cols, 1, cols)) want.push_back(value);
    for (const float value : product(neon_matmul, format, tile, x.data() + t * cols, 1, cols)) alone.push_back(value);
  }
  for (const std::size_t tokens : std::initializer_list<std::size_t>{1, 2, 3, 4, 6, 8}) {
    const std::vector<float> got = product(neon_matmul, format, tile, x.data(), tokens, cols);
    for (std::size_t i = 0; i < got.size(); ++i) {
      if (!(std::fabs(got[i] - want[i]) <= 1e-4f * std::fabs(want[i]) + 1e-3f) || got[i] != alone[i]) ++failures;
    }
  }
  return failures;
}

}  // namespace
}  // namespace sixfold::kernels

int main() {
  using namespace sixfold;
  int failures = 0;
  for (const DType dtype : kernels::kAllDTypes) {
    const int wrong = kernels::failures_of(dtype);
    std::printf("%s: %d wrong\n", std::string(dtype_info(dtype).name).c_str(), wrong);
    failures += wrong;
  }
  return failures == 0 ? 0 : 1;
}
