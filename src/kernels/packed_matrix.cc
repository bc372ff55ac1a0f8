// Packs weights into tiles of 16 rows.  One layout serves every instruction set: 16 rows are one AVX-512 vector of
// 4-byte words, two of AVX2 and four of NEON.
#include "kernels/packed_matrix.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/error.h"
#include "kernels/pack_blocks.h"
#include "kernels/pack_fixed.h"
#include "kernels/packed_storage.h"

namespace sixfold::kernels {
namespace {

// Packs tiles [begin, end).  source: the matrix as the file holds it.
void pack_tiles(const PackedMatrix::Layout& layout, const std::byte* source, std::size_t begin, std::size_t end) {
  // A stretch of each row in turn: long enough to read whole cache lines, short enough that the 16 rows' part of the
  // output stays in the first-level cache.
  constexpr std::size_t kStretchBytes = 8192;
  const PackLines pack_lines = pack_lines_of(layout.dtype);
  const std::size_t source_unit = row_bytes(layout.dtype, unit_inputs(layout.format));
  const std::size_t source_row = row_bytes(layout.dtype, layout.cols);
  const std::size_t whole_units = layout.cols / unit_inputs(layout.format);
  const std::size_t stretch = std::max<std::size_t>(1, kStretchBytes / unit_bytes(layout.format));
  for (std::size_t tile = begin; tile < end; ++tile) {
    const std::size_t first_row = tile * kTileRows;
    const std::size_t rows = std::min(kTileRows, layout.rows - first_row);
    std::byte* to = layout.owned.data() + tile * layout.tile_bytes;
    const auto put = [&, pack_unit = pack_unit_of(layout.dtype)](const std::byte* from, std::size_t row,
                                                                 std::size_t unit) {
      pack_unit(from, row, to + unit_at(layout.format, unit), to + scales_at(layout.format, unit));
    };
    for (std::size_t first = 0; first < layout.units; first += stretch) {
      const std::size_t last = std::min(layout.units, first + stretch);
      std::size_t next = first;
      if (pack_lines != nullptr && rows == kTileRows && first < whole_units) {
        next += pack_lines(source + first_row * source_row + first * source_unit, source_row,
                           std::min(last, whole_units) - first, to + unit_at(layout.format, first));
      }
      for (std::size_t row = 0; row < rows; ++row) {
        const std::byte* from = source + (first_row + row) * source_row;
        for (std::size_t unit = next; unit < std::min(last, whole_units); ++unit) {
          put(from + unit * source_unit, row, unit);
        }
        if (last > whole_units) {  // of a pair only the first
          std::array<std::byte, 4> padded = {};
          std::copy(from + whole_units * source_unit, from + source_row, padded.begin());
          put(padded.data(), row, whole_units);
        }
      }
    }
  }
}

void pack_fixed_tiles(const PackedMatrix::Layout& layout, const std::byte* source, std::size_t begin, std::size_t end) {
  for (std::size_t tile = begin; tile < end; ++tile) {
    const std::size_t first_row = tile * kTileRows;
    pack_fixed_tile(source + first_row * row_bytes(layout.dtype, layout.cols),
                    std::min(kTileRows, layout.rows - first_row), layout.cols,
                    layout.owned.data() + tile * layout.tile_bytes);
  }
}

}  // namespace

PackedMatrix::PackedMatrix() : layout_(std::make_unique<Layout>()) {}
PackedMatrix::PackedMatrix(PackedMatrix&&) noexcept = default;
PackedMatrix& PackedMatrix::operator=(PackedMatrix&&) noexcept = default;
PackedMatrix::~PackedMatrix() = default;

// The layout, yet without bytes.
Result<PackedMatrix> PackedMatrix::plan(const TensorView& weights) {
  const DTypeInfo& info = dtype_info(weights.dtype);
  const auto refused = [&](const char* want) {
    return invalid_argument("tensor {}: {} {}, want {}", weights.name, info.name, to_string(weights.shape), want);
  };
  if (weights.shape.rank != 2) return refused("[rows, cols]");
  const std::size_t rows = weights.shape[0];
  const std::size_t cols = weights.shape[1];
  if (rows == 0 || cols == 0) return refused("at least one row and column");
  if (cols % info.block_elements != 0) return refused("columns in whole blocks");
  // No type has less than 2 bits an element, so this bounds cols before any product.  The sizes further down exceed
  // what is there by at most 15 rows.
  if (cols / 4 > weights.bytes.size() || weights.bytes.size() / row_bytes(weights.dtype, cols) != rows ||
      weights.bytes.size() % row_bytes(weights.dtype, cols) != 0) {
    return refused("as many bytes as the shape says");
  }

  PackedMatrix packed;
  Layout& layout = *packed.layout_;
  layout.dtype = weights.dtype;
  layout.format = format_of(weights.dtype);
  layout.rows = rows;
  layout.cols = cols;
  layout.units = (cols + unit_inputs(layout.format) - 1) / unit_inputs(layout.format);
  layout.tile_bytes = tile_bytes(layout.format, layout.units);
  layout.tiles = (rows + kTileRows - 1) / kTileRows;
  return packed;
}

Result<PackedMatrix> PackedMatrix::pack(const TensorView& weights, WorkerPool& pool) {
  SIXFOLD_TRY(PackedMatrix packed, plan(weights));
  Layout& layout = *packed.layout_;
  SIXFOLD_TRY(layout.owned, HugeBuffer::allocate(layout.tiles * layout.tile_bytes));
  layout.weights = {layout.owned.data(), layout.owned.size()};
  const auto pack_some = is_fixed(layout.format) ? pack_fixed_tiles : pack_tiles;
  pool.for_tasks(layout.tiles,
                 [&](Share tiles, std::size_t) { pack_some(layout, weights.bytes.data(), tiles.begin, tiles.end); });
  return packed;
}

Result<PackedMatrix> PackedMatrix::over(const TensorView& weights, std::span<const std::byte> packed) {
  SIXFOLD_TRY(PackedMatrix matrix, plan(weights));
  Layout& layout = *matrix.layout_;
  SIXFOLD_CHECK(reinterpret_cast<std::uintptr_t>(packed.data()) % 64 == 0);
  if (packed.size() != layout.tiles * layout.tile_bytes) {
    return invalid_argument("tensor {}: {} packed bytes, want {}", weights.name, packed.size(),
                            layout.tiles * layout.tile_bytes);
  }
  layout.weights = packed;
  return matrix;
}

std::size_t PackedMatrix::rows() const {
  return layout_->rows;
}
std::size_t PackedMatrix::cols() const {
  return layout_->cols;
}
std::size_t PackedMatrix::bytes() const {
  return layout_->weights.size();
}
std::span<const std::byte> PackedMatrix::packed_bytes() const {
  return layout_->weights;
}
DType PackedMatrix::dtype() const {
  return layout_->dtype;
}

}  // namespace sixfold::kernels
