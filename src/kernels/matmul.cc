// Splits a matrix product over the workers: makes the input forms that the targets need, then hands out tiles.
#include "kernels/matmul.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/check.h"
#include "kernels/dispatch.h"
#include "kernels/huge_buffer.h"
#include "kernels/matmul_on.h"
#include "kernels/packed_storage.h"
#include "kernels/tile_products.h"

namespace sixfold::kernels {
namespace {

// Below this many multiplications waking the workers takes longer than it saves.
constexpr std::size_t kAloneProductsMax = 50'000;
// Up to this many input values the caller makes the forms alone: that is shorter than a parallel region.
constexpr std::size_t kAloneValuesMax = 16'384;
// Input values of a task that makes forms.
constexpr std::size_t kTaskValues = 16'384;
// Multiplications of a task are at least so many, a few microseconds' worth: far longer than it takes to take a task
// and to find its tiles.
constexpr std::size_t kTaskProductsMin = 128 * 1024;
// Where several groups read a tile, which so many rows make sure of or nearly so, a task has tiles of at least so many
// bytes, so that a group comes into the nearer caches for several tiles at once (see tile_products.cc).
constexpr std::size_t kManyRows = 64;
constexpr std::size_t kTaskBytesMin = std::size_t{128} << 10;
// More tasks than this for each worker would not end more evenly.
constexpr std::size_t kTasksPerWorker = 128;

std::byte* align_up(std::byte* at, std::size_t alignment) {
  const auto address = reinterpret_cast<std::uintptr_t>(at);
  return at + (alignment - address % alignment) % alignment;
}

// Groups of up to this many tokens are never too large.
constexpr std::size_t kSmallGroupTokens = 16;

// Tokens of the largest group of a form.
std::size_t largest_group(const MatmulTable& table, ActivationForm form, std::size_t cols) {
  const std::size_t bytes_per_row = bytes_per_token(form, cols);
  std::size_t largest = 1;
  for (const std::size_t size : kGroupSizes) {
    if (size > table.tokens_max[static_cast<std::size_t>(form)]) break;
    if (size > kSmallGroupTokens && size * bytes_per_row > table.group_bytes) break;
    largest = size;
  }
  return largest;
}

// Sizes of the groups into which `rows` input rows are split, largest first.
std::vector<std::size_t> group_sizes(std::size_t rows, std::size_t largest) {
  std::vector<std::size_t> sizes;
  for (std::size_t i = kGroupSizeCount; i-- > 0;) {
    const std::size_t size = kGroupSizes[i];
    if (size > largest) continue;
    for (; rows >= size; rows -= size) sizes.push_back(size);
  }
  return sizes;
}

// One form of the input: all groups, in one buffer.
struct Form {
  std::vector<std::byte> buffer;
  std::vector<TokenGroup> groups;
  std::size_t tokens_max = 0;  // of its largest group; 0 if the form is not made

  // Lays out the groups.  bytes_per_row: of the form of one row.
  void lay_out(std::size_t rows, std::size_t bytes_per_row) {
    constexpr std::size_t kAlignment = 64;
    const std::vector<std::size_t> sizes = group_sizes(rows, tokens_max);
    const std::size_t bytes = rows * bytes_per_row + (sizes.size() + 1) * kAlignment;
    if (buffer.size() < bytes) {
      buffer.reserve(bytes);
      wish_for_huge_pages(buffer.data(), bytes);
      buffer.resize(bytes);
    }
    std::byte* at = buffer.data();
    groups.clear();
    std::size_t row = 0;
    for (const std::size_t tokens : sizes) {
      at = align_up(at, kAlignment);
      groups.push_back({at, tokens, row});
      at += tokens * bytes_per_row;
      row += tokens;
    }
  }
};

}  // namespace

struct Activations::State {
  const float* x = nullptr;  // [rows, cols] f32, borrowed
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t stride = 0;              // of x, in elements
  const MatmulTable* table = nullptr;  // that the forms are made for
  std::array<Form, kActivationFormCount> forms;

  const float* row(std::size_t r) const { return x + r * stride; }
  Form& form(ActivationForm which) { return forms[static_cast<std::size_t>(which)]; }
  const Form& form(ActivationForm which) const { return forms[static_cast<std::size_t>(which)]; }
  ActivationForm read_by(const PackedMatrix& weights) const {
    return table->reads[static_cast<std::size_t>(weights.layout().format)];
  }
  const Form& form(const PackedMatrix& reader) const { return form(read_by(reader)); }
  void forget_forms() {
    for (Form& each : forms) each.tokens_max = 0;
  }
};

Activations::Activations() : state_(std::make_unique<State>()) {}
Activations::~Activations() = default;

void Activations::assign(const float* x, std::size_t rows, std::size_t cols, std::size_t stride) {
  SIXFOLD_CHECK(stride >= cols);
  state_->x = x;
  state_->rows = rows;
  state_->cols = cols;
  state_->stride = stride;
  state_->forget_forms();
}

namespace {

// The forms that are not made yet.
struct Making {
  std::array<ActivationForm, kActivationFormCount> forms = {};
  std::size_t count = 0;
};

// A task makes one of these parts of every row of one group.
std::size_t parts_of_group(const Form& form, std::size_t cols) {
  return form.groups.front().tokens * cols / kTaskValues + 1;
}

void make_units(const Activations::State& state, ActivationForm which, const TokenGroup& group, std::size_t part,
                std::size_t parts) {
  // Parts of small units do not share a cache line.
  constexpr std::size_t kLineWords = 16;
  const std::size_t unit = unit_inputs(which);
  const Share units = share_of((state.cols + unit - 1) / unit, unit < kBlock ? kLineWords : 1, part, parts);
  if (units.begin == units.end) return;
  state.table->make[static_cast<std::size_t>(which)](state.row(group.first_row), state.stride, state.cols, group.tokens,
                                                     units.begin, units.end, const_cast<std::byte*>(group.data));
}

void make_floats(const Activations::State& state, const TokenGroup& group, std::size_t part, std::size_t parts) {
  if (group.data == reinterpret_cast<const std::byte*>(state.row(group.first_row))) return;
  const Share inputs = share_of(state.cols, 16, part, parts);
  auto* to = reinterpret_cast<float*>(const_cast<std::byte*>(group.data));
  for (std::size_t t = 0; t < group.tokens; ++t) {
    const float* x = state.row(group.first_row + t);
    for (std::size_t k = inputs.begin; k < inputs.end; ++k) to[k * group.tokens + t] = x[k];
    if (state.cols % 2 != 0 && part == 0) to[state.cols * group.tokens + t] = 0;
  }
}

// Lays out a form, unless it is there already.  True if it has to be made.
bool plan_form(Activations::State& state, ActivationForm which, std::size_t tokens_max) {
  Form& form = state.form(which);
  if (form.tokens_max == tokens_max) return false;
  form.tokens_max = tokens_max;
  form.lay_out(state.rows, bytes_per_token(which, state.cols));
  if (which == ActivationForm::kFloats && state.cols % 2 == 0) {
    for (TokenGroup& group : form.groups) {
      // One row is read where it is.
      if (group.tokens == 1) group.data = reinterpret_cast<const std::byte*>(state.row(group.first_row));
    }
  }
  return true;
}

// Lays out the forms that the targets need and that are not made yet.
Making plan_forms(const MatmulTable& table, Activations::State& state, std::span<const MatmulTarget> targets) {
  if (state.table != &table) {
    state.table = &table;
    state.forget_forms();
  }
  std::array<bool, kActivationFormCount> is_needed = {};
  bool is_mixed = false;  // a target whose matrices read different forms wants both in the same groups
  for (const MatmulTarget& target : targets) {
    const ActivationForm form = state.read_by(*target.weights);
    const ActivationForm of_gate = target.gate == nullptr ? form : state.read_by(*target.gate);
    is_needed[static_cast<std::size_t>(form)] = is_needed[static_cast<std::size_t>(of_gate)] = true;
    is_mixed = is_mixed || of_gate != form;
  }
  std::size_t smallest = kGroupTokensMax;
  for (std::size_t i = 0; i < kActivationFormCount; ++i) {
    if (is_needed[i]) smallest = std::min(smallest, largest_group(table, static_cast<ActivationForm>(i), state.cols));
  }
  Making making;
  for (std::size_t i = 0; i < kActivationFormCount; ++i) {
    const auto form = static_cast<ActivationForm>(i);
    if (is_needed[i] && plan_form(state, form, is_mixed ? smallest : largest_group(table, form, state.cols))) {
      making.forms[making.count++] = form;
    }
  }
  return making;
}

void make_forms(WorkerPool& pool, const Activations::State& state, const Making& making) {
  for (std::size_t i = 0; i < making.count; ++i) {
    const ActivationForm which = making.forms[i];
    const Form& form = state.form(which);
    const std::size_t parts = parts_of_group(form, state.cols);
    const auto make = [&](std::size_t task, std::size_t) {
      const TokenGroup& group = form.groups[task / parts];
      if (which == ActivationForm::kFloats) {
        make_floats(state, group, task % parts, parts);
      } else {
        make_units(state, which, group, task % parts, parts);
      }
    };
    const std::size_t tasks = form.groups.size() * parts;
    if (state.rows * state.cols > kAloneValuesMax) {
      pool.for_tasks(tasks, make);
    } else {
      for (std::size_t task = 0; task < tasks; ++task) make(task, 0);
    }
  }
}

std::size_t bytes_of(const MatmulTarget& target) {
  return target.weights->bytes() + (target.gate != nullptr ? target.gate->bytes() : 0);
}

std::size_t bytes_of(std::span<const MatmulTarget> targets) {
  std::size_t total = 0;
  for (const MatmulTarget& target : targets) total += bytes_of(target);
  return total;
}

// Does tasks [some.begin, some.end) of `parts`.  Tiles of all targets lie end to end on one line of bytes; each task
// takes an equal stretch, and of each target the tiles that begin in it.  So a worker, whose tasks follow each other,
// reads one contiguous stream of each matrix.
void multiply_some(const IsaRow& isa, const Activations::State& state, std::span<const MatmulTarget> targets,
                   Share some, std::size_t parts) {
  const std::size_t all_bytes = bytes_of(targets);
  const Share bytes = {share_of(all_bytes, 1, some.begin, parts).begin,
                       share_of(all_bytes, 1, some.end - 1, parts).end};
  std::size_t first_byte = 0;
  for (const MatmulTarget& target : targets) {
    const std::size_t tiles = target.weights->layout().tiles;
    const std::size_t tile_bytes = bytes_of(target) / tiles;
    const auto first_tile_from = [&](std::size_t byte) {
      if (byte <= first_byte) return std::size_t{0};
      return std::min(tiles, (byte - first_byte + tile_bytes - 1) / tile_bytes);
    };
    TargetGroups groups = {.weights = state.form(*target.weights).groups, .gate = {}};
    if (target.gate != nullptr) groups.gate = state.form(*target.gate).groups;
    multiply_tiles(isa, target, groups, first_tile_from(bytes.begin), first_tile_from(bytes.end));
    first_byte += bytes_of(target);
  }
}

// Into how many tasks to split: enough to end evenly, none too small.
std::size_t parts_of(std::size_t products, std::size_t rows, std::span<const MatmulTarget> targets,
                     std::size_t workers) {
  std::size_t parts = products / kTaskProductsMin;
  if (rows > kManyRows) parts = std::min(parts, bytes_of(targets) / kTaskBytesMin);
  return std::clamp(parts, workers, workers * kTasksPerWorker);
}

}  // namespace

void matmul_on(const IsaRow& isa, WorkerPool& pool, Activations& x, std::span<const MatmulTarget> targets) {
  Activations::State& state = x.state();
  std::size_t products = 0;
  for (const MatmulTarget& target : targets) {
    SIXFOLD_CHECK(target.weights->cols() == state.cols);
    SIXFOLD_CHECK(target.out_stride >= target.weights->rows());
    products += state.rows * target.weights->rows() * state.cols;
    if (target.gate == nullptr) continue;
    SIXFOLD_CHECK(target.gate->rows() == target.weights->rows() && target.gate->cols() == state.cols);
    products += state.rows * target.gate->rows() * state.cols;
  }
  if (state.rows == 0 || targets.empty()) return;
  const Making making = plan_forms(*isa.matmul, state, targets);
  make_forms(pool, state, making);
  if (products < kAloneProductsMax || pool.size() == 1) {
    multiply_some(isa, state, targets, {0, 1}, 1);
    return;
  }
  const std::size_t parts = parts_of(products, state.rows, targets, pool.size());
  pool.for_tasks(parts, [&](Share some, std::size_t) { multiply_some(isa, state, targets, some, parts); });
}

void matmul(WorkerPool& pool, Activations& x, std::span<const MatmulTarget> targets) {
  matmul_on(active_isa_row(), pool, x, targets);
}

}  // namespace sixfold::kernels
