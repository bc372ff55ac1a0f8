// Splits a matrix product over the workers: makes the input forms that the targets need, then hands out tiles.
#include "kernels/matmul.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/check.h"
#include "kernels/dispatch.h"
#include "kernels/matmul_on.h"
#include "kernels/packed_storage.h"

namespace sixfold::kernels {
namespace {

// Below this many multiplications waking the workers takes longer than it saves.
constexpr std::size_t kAloneProductsMax = 50'000;
// Up to this many input values the caller makes the forms before it starts the workers: that is shorter than a barrier.
constexpr std::size_t kAloneValuesMax = 16'384;

constexpr std::size_t kGroupSizes[] = {16, 12, 8, 6, 4, 3, 2, 1};  // that have kernels

std::byte* align_up(std::byte* at, std::size_t alignment) {
  const auto address = reinterpret_cast<std::uintptr_t>(at);
  return at + (alignment - address % alignment) % alignment;
}

// Sizes of the groups into which `rows` input rows are split, largest first.
std::vector<std::size_t> group_sizes(std::size_t rows, std::size_t tokens_max) {
  std::vector<std::size_t> sizes;
  for (const std::size_t size : kGroupSizes) {
    if (size > tokens_max) continue;
    for (; rows >= size; rows -= size) sizes.push_back(size);
  }
  return sizes;
}

// One form of the input: all groups, in one buffer.
struct Form {
  std::vector<std::byte> buffer;
  std::vector<TokenGroup> groups;
  bool is_made = false;

  // Lays out the groups.  bytes_per_token: of the form of one row.
  void lay_out(std::size_t rows, std::size_t tokens_max, std::size_t bytes_per_token) {
    constexpr std::size_t kAlignment = 64;
    const std::size_t bytes = rows * bytes_per_token + kAlignment;
    if (buffer.size() < bytes) buffer.resize(bytes);
    std::byte* at = align_up(buffer.data(), kAlignment);
    groups.clear();
    std::size_t row = 0;
    for (const std::size_t tokens : group_sizes(rows, tokens_max)) {
      groups.push_back({at, tokens, row});
      at += tokens * bytes_per_token;
      row += tokens;
    }
  }
};

}  // namespace

struct Activations::State {
  const float* x = nullptr;  // [rows, cols] f32, borrowed
  std::size_t rows = 0;
  std::size_t cols = 0;
  const MatmulTable* table = nullptr;  // that the forms are made for
  Form int8;
  Form floats;
};

Activations::Activations() : state_(std::make_unique<State>()) {}
Activations::~Activations() = default;

void Activations::assign(const float* x, std::size_t rows, std::size_t cols) {
  state_->x = x;
  state_->rows = rows;
  state_->cols = cols;
  state_->int8.is_made = false;
  state_->floats.is_made = false;
}

namespace {

// One worker's part of the forms that are not made yet.
struct Making {
  bool int8 = false;
  bool floats = false;

  bool any() const { return int8 || floats; }
};

void make_int8(const Activations::State& state, std::size_t worker, std::size_t workers) {
  const Share blocks = share_of(state.cols / kBlock, 1, worker, workers);
  if (blocks.begin == blocks.end) return;
  for (const TokenGroup& group : state.int8.groups) {
    state.table->quantize(state.x + group.first_row * state.cols, state.cols, group.tokens, blocks.begin, blocks.end,
                          const_cast<std::byte*>(group.data));
  }
}

void make_floats(const Activations::State& state, std::size_t worker, std::size_t workers) {
  const Share inputs = share_of(state.cols, 16, worker, workers);
  for (const TokenGroup& group : state.floats.groups) {
    if (group.tokens == 1) continue;  // reads x where it is
    auto* to = reinterpret_cast<float*>(const_cast<std::byte*>(group.data));
    const float* x = state.x + group.first_row * state.cols;
    for (std::size_t t = 0; t < group.tokens; ++t) {
      for (std::size_t k = inputs.begin; k < inputs.end; ++k) to[k * group.tokens + t] = x[t * state.cols + k];
    }
  }
}

// Lays out the forms that the targets need and that are not made yet.
Making plan_forms(const MatmulTable& table, Activations::State& state, std::span<const MatmulTarget> targets) {
  if (state.table != &table) {
    state.table = &table;
    state.int8.is_made = state.floats.is_made = false;
  }
  Making making;
  for (const MatmulTarget& target : targets) {
    if (is_float(target.weights->layout().format)) {
      making.floats = !state.floats.is_made;
    } else {
      making.int8 = !state.int8.is_made;
    }
  }
  if (making.int8) {
    state.int8.lay_out(state.rows, table.int8_tokens_max, state.cols / kBlock * kInt8BlockBytes);
    state.int8.is_made = true;
  }
  if (making.floats) {
    state.floats.lay_out(state.rows, table.float_tokens_max, state.cols * sizeof(float));
    for (TokenGroup& group : state.floats.groups) {
      if (group.tokens == 1) group.data = reinterpret_cast<const std::byte*>(state.x + group.first_row * state.cols);
    }
    state.floats.is_made = true;
  }
  return making;
}

void make_forms(const Activations::State& state, Making making, std::size_t worker, std::size_t workers) {
  if (making.int8) make_int8(state, worker, workers);
  if (making.floats) make_floats(state, worker, workers);
}

// Tiles of all targets lie end to end on one line of bytes; each worker takes an equal stretch, and of each target the
// tiles that begin in it.  So it reads one contiguous stream of each matrix.
void multiply_share(const Activations::State& state, std::span<const MatmulTarget> targets, std::size_t worker,
                    std::size_t workers) {
  std::size_t total = 0;
  for (const MatmulTarget& target : targets) total += target.weights->bytes();
  const Share bytes = share_of(total, 1, worker, workers);
  std::size_t first_byte = 0;
  for (const MatmulTarget& target : targets) {
    const PackedMatrix::Layout& layout = target.weights->layout();
    const auto first_tile_from = [&](std::size_t byte) {
      if (byte <= first_byte) return std::size_t{0};
      return std::min(layout.tiles, (byte - first_byte + layout.tile_bytes - 1) / layout.tile_bytes);
    };
    const Form& form = is_float(layout.format) ? state.floats : state.int8;
    const MatmulJob job = {.weights = layout.weights.data(),
                           .tile_bytes = layout.tile_bytes,
                           .tile_begin = first_tile_from(bytes.begin),
                           .tile_end = first_tile_from(bytes.end),
                           .rows = layout.rows,
                           .units = layout.units,
                           .groups = form.groups.data(),
                           .group_count = form.groups.size(),
                           .out = target.out,
                           .out_stride = target.out_stride};
    if (job.tile_begin < job.tile_end) state.table->multiply[static_cast<std::size_t>(layout.format)](job);
    first_byte += layout.weights.size();
  }
}

}  // namespace

void matmul_on(const MatmulTable& table, WorkerPool& pool, Activations& x, std::span<const MatmulTarget> targets) {
  Activations::State& state = x.state();
  std::size_t products = 0;
  for (const MatmulTarget& target : targets) {
    SIXFOLD_CHECK(target.weights->cols() == state.cols);
    SIXFOLD_CHECK(target.out_stride >= target.weights->rows());
    products += state.rows * target.weights->rows() * state.cols;
  }
  if (state.rows == 0 || targets.empty()) return;
  const Making making = plan_forms(table, state, targets);
  const std::size_t workers = products < kAloneProductsMax ? 1 : pool.size();
  const bool makes_alone = workers == 1 || state.rows * state.cols <= kAloneValuesMax;
  if (making.any() && makes_alone) make_forms(state, making, 0, 1);
  if (workers == 1) {
    multiply_share(state, targets, 0, 1);
    return;
  }
  pool.run([&](std::size_t worker) {
    if (making.any() && !makes_alone) {
      make_forms(state, making, worker, workers);
      pool.barrier();
    }
    multiply_share(state, targets, worker, workers);
  });
}

void matmul(WorkerPool& pool, Activations& x, std::span<const MatmulTarget> targets) {
  const MatmulTable* table = active_isa_row().matmul;
  SIXFOLD_CHECK(table != nullptr);
  matmul_on(*table, pool, x, targets);
}

}  // namespace sixfold::kernels
