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
// Up to this many input values the caller makes the forms alone: that is shorter than a parallel region.
constexpr std::size_t kAloneValuesMax = 16'384;
// Input values of a task that makes forms.
constexpr std::size_t kTaskValues = 16'384;
// Multiplications of a task are at least so many, a few microseconds' worth: far longer than it takes to take a task,
// and in decoding as long a read as memory needs for its full rate.
constexpr std::size_t kTaskProductsMin = 128 * 1024;
// More tasks than this for each worker would not end more evenly.
constexpr std::size_t kTasksPerWorker = 32;

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

// The forms that are not made yet.
struct Making {
  bool int8 = false;
  bool floats = false;

  bool any() const { return int8 || floats; }
};

// A task makes one of these parts of every row of one group.
std::size_t parts_of_group(const Form& form, std::size_t cols) {
  return form.groups.front().tokens * cols / kTaskValues + 1;
}

void make_int8(const Activations::State& state, std::size_t task) {
  const std::size_t parts = parts_of_group(state.int8, state.cols);
  const TokenGroup& group = state.int8.groups[task / parts];
  const Share blocks = share_of(state.cols / kBlock, 1, task % parts, parts);
  if (blocks.begin == blocks.end) return;
  state.table->quantize(state.x + group.first_row * state.cols, state.cols, group.tokens, blocks.begin, blocks.end,
                        const_cast<std::byte*>(group.data));
}

void make_floats(const Activations::State& state, std::size_t task) {
  const std::size_t parts = parts_of_group(state.floats, state.cols);
  const TokenGroup& group = state.floats.groups[task / parts];
  if (group.tokens == 1) return;  // reads x where it is
  const Share inputs = share_of(state.cols, 16, task % parts, parts);
  auto* to = reinterpret_cast<float*>(const_cast<std::byte*>(group.data));
  const float* x = state.x + group.first_row * state.cols;
  for (std::size_t t = 0; t < group.tokens; ++t) {
    for (std::size_t k = inputs.begin; k < inputs.end; ++k) to[k * group.tokens + t] = x[t * state.cols + k];
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

void make_forms(WorkerPool& pool, const Activations::State& state, Making making) {
  const auto tasks_of = [&](const Form& form) { return form.groups.size() * parts_of_group(form, state.cols); };
  const std::size_t int8_tasks = making.int8 ? tasks_of(state.int8) : 0;
  const std::size_t float_tasks = making.floats ? tasks_of(state.floats) : 0;
  const auto make = [&](std::size_t task, std::size_t) {
    if (task < int8_tasks) {
      make_int8(state, task);
    } else {
      make_floats(state, task - int8_tasks);
    }
  };
  if (state.rows * state.cols > kAloneValuesMax) {
    pool.for_tasks(int8_tasks + float_tasks, make);
  } else {
    for (std::size_t task = 0; task < int8_tasks + float_tasks; ++task) make(task, 0);
  }
}

// Tiles of all targets lie end to end on one line of bytes; each task takes an equal stretch, and of each target the
// tiles that begin in it.  So a worker, whose tasks follow each other, reads one contiguous stream of each matrix.
void multiply_part(const Activations::State& state, std::span<const MatmulTarget> targets, std::size_t part,
                   std::size_t parts) {
  std::size_t total = 0;
  for (const MatmulTarget& target : targets) total += target.weights->bytes();
  const Share bytes = share_of(total, 1, part, parts);
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
  if (making.any()) make_forms(pool, state, making);
  if (products < kAloneProductsMax || pool.size() == 1) {
    multiply_part(state, targets, 0, 1);
    return;
  }
  const std::size_t parts = std::clamp(products / kTaskProductsMin, pool.size(), pool.size() * kTasksPerWorker);
  pool.for_tasks(parts, [&](std::size_t part, std::size_t) { multiply_part(state, targets, part, parts); });
}

void matmul(WorkerPool& pool, Activations& x, std::span<const MatmulTarget> targets) {
  const MatmulTable* table = active_isa_row().matmul;
  SIXFOLD_CHECK(table != nullptr);
  matmul_on(*table, pool, x, targets);
}

}  // namespace sixfold::kernels
